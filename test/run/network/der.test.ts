import { describe, expect, test } from "bun:test";
import {
  bits,
  integer,
  isTrue,
  objectId,
  octets,
  sequence,
  setOf,
  tagged,
  text,
  time,
} from "../../../src/run/network/der.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("DER", () => {
  test.each([
    ["true", isTrue, "0101ff"],
    ["a number", integer(Buffer.of(1)), "020101"],
    ["a number whose first bit is set", integer(Buffer.of(0x80)), "02020080"],
    ["bytes", octets(Buffer.of(1, 2)), "04020102"],
    ["bits", bits(Buffer.of(0x80), 7), "03020780"],
    ["text", text("\u00fc"), "0c02c3bc"],
    ["an id", objectId("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    ["an id of small numbers", objectId("2.5.29.17"), "0603551d11"],
    ["nothing in order", sequence(), "3000"],
    ["a set", setOf(isTrue), "31030101ff"],
    ["a value by its place", tagged(2, false, Buffer.from("a")), "820161"],
    ["values by their place", tagged(3, true, isTrue), "a3030101ff"],
    ["a time", time(new Date("2026-01-02T03:04:05.678Z")), "170d3236303130323033303430355a"],
    ["a time from 2050 on", time(new Date("2050-01-02T03:04:05Z")), "180f32303530303130323033303430355a"],
  ])("of %s", (_, bytes, expected) => expect(hex(bytes)).toBe(expected));

  test.each([
    [127, "047f"],
    [128, "048180"],
    [255, "0481ff"],
    [256, "04820100"],
    [65_536, "0483010000"],
  ])("says a length of %d", (length, head) =>
    expect(hex(octets(Buffer.alloc(length)).subarray(0, head.length / 2))).toBe(head),
  );
});
