/** The launcher's reader of instructions, with AddressSanitizer and UBSan, on what cupel writes and on what it never would. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { instructionBytesMax, protocolMagic, protocolVersion } from "../../src/launch/protocol.ts";
import type { MakerCall } from "../../src/launch/maker-call.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { argumentKind, assemble, directoryKind, least, text, u32 } from "../support/assemble-instruction.ts";
import { compileC } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { mutateBytes } from "../support/mutate-bytes.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { accepted, malformed, otherVersion, cutShort, empty } = verdicts;

const bind = {
  step: "bind",
  source: "/s",
  destination: "/d",
  optional: false,
  writable: false,
  mapOwner: "must",
} as const;
const root: RootStep[] = [
  { step: "mirror", path: "/usr" },
  bind,
  { step: "tmpfs", destination: "/tmp", mode: 0o1777, sizeBytes: 2 ** 33, filesMax: 99, owned: true, writable: true },
  { step: "directory", destination: "/etc", mode: 0o755 },
  { step: "file", destination: "/etc/motd", content: "hello\n" },
  { step: "symlink", destination: "/lib", target: "usr/lib" },
  { step: "proc", destination: "/proc" },
  { step: "read-only", destination: "/proc/sys" },
  { step: "mask", destination: "/proc/kcore" },
  { step: "devices", destination: "/dev", shmBytes: 2 ** 30 },
];
const binding = {
  outside: { uid: 1000, gid: 1000 },
  controlGroups: ["/sys/fs/cgroup/a"],
  rehearsal: false,
  architecture: "x64",
  resident: { sharesRoot: true, captureBytesMax: 2 ** 20 },
  given: new Map([["A", Uint8Array.of(0, 255)]]),
  scratch: "/scratch",
} as const;

const maker: MakerCall = {
  path: "/usr/bin/maker",
  arguments: ["--a", ""],
  environment: { M: "1" },
  inputs: [{ content: Buffer.from("süß\0") }, { source: "/srv" }],
  startTimeoutMs: 9,
};

/** An instruction with a record of every kind. */
const whole = encodeInstruction(
  barePlan(["/bin/echo", "", "süß"], {
    namespaces: ["user", "mount"],
    hostname: "job",
    root,
    setup: ["/bin/sh", ""],
    publish: [
      { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 0, jobPort: 1 },
      { address: { version: 6, bytes: Array.from({ length: 16 }, () => 9) }, port: 65_535, jobPort: 65_535 },
    ],
    environment: { A: "1", B: "" },
    resourceLimits: { core: 0, openFiles: 9, processes: 9 },
    descriptors: [
      { number: 3, content: "A" },
      { number: 9, content: "A" },
    ],
    seccomp: "default",
    confinement: { rules: [{ path: "/r", access: "device", optional: true }], scratch: { variables: {} } },
    landlockScopes: ["signal"],
    output: { bytesMax: 9, beyond: "kill" },
    maker: { program: "bubblewrap", path: maker.path },
  }),
  { ...binding, maker },
);

/** Where each record begins. */
function recordOffsets(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offsets: number[] = [];
  for (let at = 12; at < bytes.length; at += 8 + view.getUint32(at + 4, true)) offsets.push(at);
  return offsets;
}

function withU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

function u32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

const [publishKind, maskKind] = [17, 28];

describe("read_instruction", () => {
  needsCompiler("takes what cupel writes, from the least to a record of every kind", async () => {
    const longest = encodeInstruction(barePlan(["/bin/a", "x".repeat(instructionBytesMax - 240)]), binding);
    const plain = encodeInstruction(barePlan(["/bin/a"]), binding);
    expect(await readInstructions([assemble(...least), plain, whole, longest])).toEqual([0, 0, 0, 0]);
  });

  needsCompiler("refuses one that ends early, at every byte", async () => {
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
    expect(new Set(await readInstructions(cuts))).toEqual(new Set([cutShort]));
  });

  needsCompiler("refuses one that says it ends early, at every byte but where a record ends", async () => {
    const lengths = Array.from({ length: whole.length - 12 }, (_, index) => 12 + index);
    const results = await readInstructions(lengths.map((length) => withU32(whole, 8, length)));
    const taken = lengths.filter((_, index) => results[index] === accepted);
    const ends = recordOffsets(whole);
    // Its last records are two variables: without them it is an instruction all the same.
    expect(taken).toEqual(ends.filter((end) => ends.indexOf(end) >= ends.length - 4 && end !== whole.length));
    expect(new Set(results)).toEqual(new Set([accepted, malformed, empty]));
  });

  needsCompiler("refuses any other magic, and names another version as such", async () => {
    const magics = [0, protocolMagic + 1, protocolMagic ^ 0x8000_0000, 0x4355_504c].map((magic) =>
      withU32(whole, 0, magic >>> 0),
    );
    const versions = [0, protocolVersion + 1, 0xffff_ffff].map((version) => withU32(whole, 4, version));
    expect(await readInstructions([...magics, ...versions])).toEqual([
      ...magics.map(() => malformed),
      ...versions.map(() => otherVersion),
    ]);
  });

  needsCompiler("refuses a length that no instruction can have, and does not read on", async () => {
    const lengths = [0, 1, 11, instructionBytesMax + 1, 0x7fff_ffff, 0xffff_ffff];
    const results = await readInstructions(lengths.map((length) => withU32(whole, 8, length)));
    expect(results).toEqual(lengths.map(() => malformed));
  });

  needsCompiler("refuses a record that is longer or shorter than its kind, each in turn", async () => {
    const changes = [-1, 1, 4, 8, 0x7fff_ffff, -0x8000_0000];
    const wrong = recordOffsets(whole).flatMap((at) =>
      changes.map((change) => withU32(whole, at + 4, (u32At(whole, at + 4) + change) >>> 0)),
    );
    expect(new Set(await readInstructions(wrong))).toEqual(new Set([malformed]));
  });

  needsCompiler("refuses a text whose length is not its own, in every record that has one", async () => {
    const textKinds = new Set([4, 5, 6, 7, 9, 20, 25, 26, 27, 28, 40, 41, 43]);
    const texts = recordOffsets(whole).filter((at) => textKinds.has(u32At(whole, at) & 0xffff));
    const lengths = (own: number): number[] =>
      [own - 1, own + 1, own + 2, 0x7fff_ffff, 0xffff_ffff].filter((one) => one >= 0);
    const wrong = texts.flatMap((at) => lengths(u32At(whole, at + 8)).map((length) => withU32(whole, at + 8, length)));
    expect(texts.length).toBeGreaterThan(12);
    expect(new Set(await readInstructions(wrong))).toEqual(new Set([malformed]));
  });

  needsCompiler("refuses each kind of record that it does not know, and one with its reserved bits set", async () => {
    const known = new Set(recordOffsets(whole).map((at) => u32At(whole, at)));
    const unknown = Array.from({ length: 400 }, (_, kind) => kind).filter((kind) => !known.has(kind));
    const records = [...unknown, 0xffff, 0x0001_0006].map((kind) => assemble(...least, [kind, text("/")]));
    expect(new Set(await readInstructions(records))).toEqual(new Set([malformed]));
    expect(known.size).toBe(34);
  });

  needsCompiler("refuses what lacks a command or a directory, and a path that is not absolute", async () => {
    const [directory, argument] = least;
    const lacking = [assemble(directory), assemble(argument)];
    const relative = ["", "a", "./a", "../a"].flatMap((path) => [
      assemble([directoryKind, text(path)], argument),
      assemble(directory, argument, [maskKind, text(path)]),
    ]);
    expect(new Set(await readInstructions([...lacking, ...relative]))).toEqual(new Set([malformed]));
    // Nothing at all is how a resident launcher is told that there is no more.
    expect(await readInstructions([assemble()])).toEqual([empty]);
  });

  needsCompiler("refuses more of a kind than there is room for, and takes just as many", async () => {
    const many = (kind: number, payload: Uint8Array, count: number): Uint8Array =>
      assemble(...least, ...Array.from({ length: count }, () => [kind, payload] as const));
    const limit = Buffer.alloc(20);
    const rows = [
      [maskKind, text("/"), 1024],
      [9, text("/"), 8],
      [8, limit, 16],
      [publishKind, Buffer.concat([4, 0, 1, 1].map(u32)), 32],
    ] as const;
    const results = await readInstructions(
      rows.flatMap(([kind, payload, most]) => [many(kind, payload, most), many(kind, payload, most + 1)]),
    );
    expect(results).toEqual(rows.flatMap(() => [accepted, malformed]));
    // Words are as many as an instruction can hold.
    const fullest = many(argumentKind, text(""), Math.floor((instructionBytesMax - 100) / 13));
    expect(await readInstructions([fullest])).toEqual([accepted]);
  });

  needsCompiler(
    "refuses bits that mean nothing, ids that stand for no change, and times that nothing can be added to",
    async () => {
      const numbers = (...values: readonly number[]): Uint8Array => Buffer.concat(values.map(u32));
      const bindTo = (bits: number): Uint8Array => Buffer.concat([u32(bits), text("/s"), text("/d")]);
      const tmpfs = (bits: number, mode: number): Uint8Array =>
        Buffer.concat([numbers(bits, mode, 0, 0, 0, 0), text("/tmp")]);
      const file = (bits: number, mode: number): Uint8Array => Buffer.concat([numbers(bits, mode), text("/f"), u32(0)]);
      const folder = (mode: number): Uint8Array => Buffer.concat([u32(mode), text("/etc")]);
      const [identity, namespaces, options, time] = [1, 2, 3, 12];
      const beyond = (at: number): number[] => [0, 0, 0, 0, 0, 0, 0, 0].with(2 * at + 1, 2 ** 28 + 1);
      const right = [
        [identity, numbers(1000, 1000, 0, 0xffff_fffe)],
        [namespaces, numbers(0x7e02_0000, 0)],
        [options, numbers(31, 0o777)],
        [21, bindTo(31)],
        [22, tmpfs(63, 0o7777)],
        [23, folder(0o7777)],
        [24, file(16, 0o777)],
        [16, numbers(3, 0)],
        [16, numbers(63, 0)],
        [time, numbers(...Array.from({ length: 4 }, () => [0, 2 ** 28]).flat())],
      ] as const;
      const wrong = [
        ...[0, 1, 2, 3].map((at) => [identity, numbers(...[0, 0, 0, 0].with(at, 0xffff_ffff))] as const),
        // CLONE_VM, CLONE_THREAD, CLONE_NEWTIME, a high bit.
        ...[0x100, 0x1_0000, 0x80].map((flag) => [namespaces, numbers(flag, 0)] as const),
        [namespaces, numbers(0, 1)],
        [options, numbers(0x8000_0000, 0)],
        [options, numbers(0, 0o1000)],
        [21, bindTo(0x4000_0000)],
        [22, tmpfs(0x4000_0000, 0)],
        [22, tmpfs(0, 0o10000)],
        [23, folder(0o10000)],
        // Nothing but its owner is said of a file, and nothing but permissions.
        [24, file(1, 0)],
        [24, file(0, 0o1000)],
        // The standard streams, and numbers beyond those that are the job's.
        ...[0, 2, 64, 0xffff_ffff].map((number) => [16, numbers(number, 0)] as const),
        ...[0, 1, 2, 3].map((at) => [time, numbers(...beyond(at))] as const),
        [14, numbers(1, 0, 2)],
        [33, Buffer.concat([u32(8), text("/")])],
        [33, Buffer.concat([u32(1), text("relative")])],
      ] as const;
      expect(await readInstructions(right.map((record) => assemble(...least, record)))).toEqual(
        right.map(() => accepted),
      );
      expect(await readInstructions(wrong.map((record) => assemble(...least, record)))).toEqual(
        wrong.map(() => malformed),
      );
    },
  );

  needsCompiler("refuses a second record where one says all", async () => {
    // Of descriptors a second one of the same number is out of order.
    const single = [1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 16, 32, 44];
    const records = recordOffsets(whole).map((at) => whole.subarray(at, at + 8 + u32At(whole, at + 4)));
    const twice = records.map((record) => {
      const body = Buffer.concat([...records, record]);
      return Buffer.concat([whole.subarray(0, 8), u32(12 + body.length), body]);
    });
    const kinds = records.map((record) => u32At(record, 0));
    expect(await readInstructions(twice)).toEqual(kinds.map((kind) => (single.includes(kind) ? malformed : accepted)));
    expect(new Set(kinds.filter((kind) => single.includes(kind)))).toEqual(new Set(single));
  });

  needsCompiler("refuses descriptors that are not in ascending order, or more than there is room for", async () => {
    const of = (...numbers: readonly number[]): Uint8Array =>
      assemble(...least, ...numbers.map((number) => [16, Buffer.concat([u32(number), u32(0)])] as const));
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => 3 + index);
    const results = await readInstructions([of(3, 4, 63), of(3, 3), of(4, 3), of(...upTo(32)), of(...upTo(33))]);
    expect(results).toEqual([accepted, malformed, malformed, accepted, malformed]);
  });

  needsCompiler("refuses a filter that is empty, not whole or longer than the kernel takes", async () => {
    const lengths = [0, 7, 9, 8 * 4097, 8, 8 * 4096];
    const results = await readInstructions(lengths.map((length) => assemble(...least, [10, Buffer.alloc(length)])));
    expect(results).toEqual([malformed, malformed, malformed, malformed, accepted, accepted]);
  });

  needsCompiler("reads nothing that is not its own in 10,000 instructions with random faults", async () => {
    const results = await readInstructions(mutateBytes(whole, 10_000, 0x0c0f_fee5));
    const count = (result: number): number => results.filter((one) => one === result).length;
    expect(results.length).toBe(10_000);
    // Faults inside a word or a filter leave an instruction that says something else; most others do not.
    expect(count(accepted)).toBeGreaterThan(1000);
    expect(count(malformed)).toBeGreaterThan(1000);
    expect(count(accepted) + count(malformed) + count(otherVersion) + count(cutShort)).toBe(10_000);
  });
});

test("the reader's own test would see a byte too many", async () => {
  // A control: the same sanitizer, the same memory, and a program that does read on.
  const source = resolve(import.meta.dir, "read-beyond.c");
  const program = compileC(source, {
    flags: ["-g", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  });
  const { code, stderr } = await execute([program], { env: {} });
  expect(code).not.toBe(0);
  expect(stderr).toContain("AddressSanitizer: use-after-poison");
});
