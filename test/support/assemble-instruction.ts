/** Instructions for the launcher put together by hand, right or wrong: what cupel itself would never write. */
import { protocolMagic, protocolVersion } from "../../src/launch/protocol.ts";

/** Four bytes, little-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A whole instruction of these records, with a right header. */
export function assemble(...records: readonly (readonly [kind: number, payload: Uint8Array])[]): Uint8Array {
  const body = Buffer.concat(records.flatMap(([kind, payload]) => [u32(kind), u32(payload.length), payload]));
  return Buffer.concat([u32(protocolMagic), u32(protocolVersion), u32(12 + body.length), body]);
}

/** A text as a record has it. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return Buffer.concat([u32(bytes.length), bytes, Uint8Array.of(0)]);
}

/** Kinds of the two records that none can do without. */
export const [directoryKind, argumentKind] = [5, 6];

/** The least that is an instruction. */
export const least = [
  [directoryKind, text("/")],
  [argumentKind, text("a")],
] as const;
