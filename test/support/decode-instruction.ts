/** Reads a launcher's instruction back: the same format as platform/linux/launcher/instruction*.c, written a second time. */
import { instructionBytesMax, protocolMagic, protocolVersion, recordKinds } from "../../src/launch/protocol.ts";

/** One record, its fields in order; binary content as bytes. */
export type DecodedRecord = readonly [kind: string, ...fields: readonly (string | number | Uint8Array)[]];

class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.#at;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.slice(at, at + length);
  }

  text(): string {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(this.raw(this.u32()));
    if (this.raw(1)[0] !== 0 || text.includes("\0")) throw new Error(`${JSON.stringify(text)} is not ended by one NUL`);
    return text;
  }

  #take(count: number): number {
    if (count > this.left) throw new Error(`${count} bytes wanted, ${this.left} left`);
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

type Field = (reader: Reader) => string | number | Uint8Array;

const u32: Field = (reader) => reader.u32();
const u64: Field = (reader) => reader.u64();
const text: Field = (reader) => reader.text();
const sized: Field = (reader) => reader.raw(reader.u32());
const rest: Field = (reader) => reader.raw(reader.left);

const fields: Readonly<Record<keyof typeof recordKinds, readonly Field[]>> = {
  identity: [u32, u32, u32, u32],
  namespaces: [u64],
  options: [u32, u32],
  hostname: [text],
  directory: [text],
  argument: [text],
  variable: [text],
  resourceLimit: [u32, u64, u64],
  controlGroup: [text],
  seccomp: [rest],
  landlock: [u64, u64, u32],
  guard: [rest],
  pathRule: [u32, text],
  time: [u64, u64, u64, u64],
  capture: [u64],
  output: [u64, u32],
  proxy: [text, u32, u32],
  direct: [rest],
  around: [],
  publish: [sized, u32, u32],
  setupArgument: [text],
  pinned: [text, u64, u64],
  descriptor: [u32, sized],
  mirror: [text],
  bind: [u32, text, text],
  overlay: [u32, text, text, text, u64, u64, text],
  tmpfs: [u32, u32, u64, u64, text],
  makerArgument: [text],
  makerVariable: [text],
  makerInput: [rest],
  makerSource: [text],
  makerStart: [u64],
  makerFurther: [u32],
  makerGate: [text],
  makerDaemon: [text],
  makeDirectory: [u32, text],
  file: [u32, u32, text, sized],
  symlink: [text, text],
  proc: [text],
  readOnly: [text],
  mask: [text],
  devices: [u64, u64, text],
};

/** One letter for each way to write a field: what test/native/fuzz-mutator.h makes records from. */
const formats: ReadonlyMap<Field, string> = new Map([
  [u32, "4"],
  [u64, "8"],
  [text, "t"],
  [sized, "s"],
  [rest, "r"],
]);

/** Kind and format of every record, as an initializer in C: `{1,"4444"},…`. */
export function renderRecordFormats(): string {
  return Object.entries(recordKinds)
    .map(([name, kind]) => {
      const letters = fields[name as keyof typeof recordKinds].map((field) => formats.get(field));
      if (letters.includes(undefined)) throw new Error(`a field of ${name} has no letter; give it one in \`formats\``);
      return `{${kind},"${letters.join("")}"}`;
    })
    .join(",");
}

function decodeRecord(reader: Reader): DecodedRecord {
  const [kind, reserved, length] = [reader.u16(), reader.u16(), reader.u32()];
  const name = Object.entries(recordKinds).find(([, number]) => number === kind)?.[0] as keyof typeof recordKinds;
  if (name === undefined || reserved !== 0) throw new Error(`record ${kind} is unknown, or ${reserved} is not 0`);
  const payload = new Reader(reader.raw(length));
  const values = fields[name].map((field) => field(payload));
  if (payload.left > 0) throw new Error(`${payload.left} bytes of ${name} are left over`);
  return [name, ...values];
}

/** All records of an instruction. @throws where anything about it is odd. */
export function decodeInstruction(bytes: Uint8Array): DecodedRecord[] {
  const reader = new Reader(bytes);
  const header = { magic: reader.u32(), version: reader.u32(), length: reader.u32() };
  const right = header.magic === protocolMagic && header.version === protocolVersion && header.length === bytes.length;
  if (!right || bytes.length > instructionBytesMax) throw new Error(`the header is wrong: ${JSON.stringify(header)}`);
  const records: DecodedRecord[] = [];
  while (reader.left > 0) records.push(decodeRecord(reader));
  return records;
}
