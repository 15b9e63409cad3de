import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  callTimes,
  controlKill,
  instructionBytesMax,
  launchSteps,
  optionBits,
  protocolMagic,
  protocolVersion,
  recordKinds,
  stepBits,
} from "../../src/launch/protocol.ts";
import { renderProtocolHeader } from "../../scripts/gen/protocol-header.ts";
import { repositoryRoot } from "../support/compile-c.ts";

const header = readFileSync(join(repositoryRoot, "platform/linux/shared/protocol.gen.h"), "utf8");

function allOf(bits: Readonly<Record<string, number>>): number {
  return Object.values(bits).reduce((sum, bit) => sum + bit, 0);
}

/** `record_make_directory = 23,` → `["makeDirectory", 23]`, of one enumeration. */
function parseEnum(prefix: string): [string, number][] {
  const lines = header.matchAll(new RegExp(String.raw`^ {4}${prefix}_(\w+) = (\d+),$`, "gm"));
  return Array.from(lines, ([, name = "", value]) => [
    name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    Number(value),
  ]);
}

function parseDefine(name: string): number {
  return Number(new RegExp(String.raw`^#define ${name} (0x[\da-f]+|\d+)u?$`, "m").exec(header)?.[1]);
}

describe("renderProtocolHeader", () => {
  test("is the header that the launcher was compiled with", () => expect(header).toBe(renderProtocolHeader()));
});

describe("the launcher's header", () => {
  test("has the same numbers", () =>
    expect({
      magic: parseDefine("PROTOCOL_MAGIC"),
      version: parseDefine("PROTOCOL_VERSION"),
      bytesMax: parseDefine("INSTRUCTION_BYTES_MAX"),
      kill: parseDefine("CONTROL_KILL"),
    }).toEqual({ magic: protocolMagic, version: protocolVersion, bytesMax: instructionBytesMax, kill: controlKill }));

  test.each([
    ["record", recordKinds],
    ["call", callTimes],
    ["option", { ...optionBits, all: allOf(optionBits) }],
    ["step_bit", { ...stepBits, all: allOf(stepBits) }],
  ])("has the same names and numbers of %s", (prefix, table) =>
    expect(Object.fromEntries(parseEnum(prefix))).toEqual({ ...table }),
  );

  test("has the same steps, and names them in the same order", () => {
    const names = Array.from(header.matchAll(/^ {4}"([\w-]+)",$/gm), ([, name]) => name);
    const numbers = Array.from(header.matchAll(/^ {4}step_(?!bit_)\w+ = (\d+),$/gm), ([, number]) => Number(number));
    expect(names).toEqual([...launchSteps]);
    expect(numbers).toEqual(launchSteps.map((_, index) => index));
  });
});

describe("protocol tables", () => {
  test("have each number once", () => {
    const kinds = Object.values(recordKinds);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(new Set(launchSteps).size).toBe(launchSteps.length);
  });

  test.each([
    ["options", Object.values(optionBits)],
    ["steps", Object.values(stepBits)],
  ])("of bits of %s have one bit each, and each once", (_, values: readonly number[]) => {
    expect(values.filter((value) => Math.log2(value) % 1 !== 0)).toEqual([]);
    expect(new Set(values).size).toBe(values.length);
  });

  test("keep the byte that kills apart from signals", () => {
    expect(controlKill).toBeGreaterThan(64);
    expect(controlKill).toBeLessThan(256);
  });

  test("begin with CUPL on the wire", () => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, protocolMagic, true);
    expect(new TextDecoder().decode(bytes)).toBe("CUPL");
  });
});
