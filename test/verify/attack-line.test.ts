import { describe, expect, test } from "bun:test";
import { escapeValue, parseAttackLine, renderAttackOrders, type AttackLine } from "../../src/verify/attack-line.ts";

describe("renderAttackOrders", () => {
  test("writes a line for each order, and a value as one word of printable ASCII", () => {
    const orders = [
      { order: "set", key: "home-file", value: "/home/a b/100%\nsüß" },
      { order: "run", id: "A01", deadlineMs: 2000 },
    ] as const;
    expect(renderAttackOrders(orders)).toBe("set home-file /home/a%20b/100%25%0As%C3%BC%C3%9F\nrun A01 2000\n");
  });
});

describe("parseAttackLine", () => {
  test.each<[string, AttackLine]>([
    ["hello 1 x64", { kind: "hello", version: 1, architecture: "x64" }],
    ["start A01", { kind: "start", id: "A01" }],
    ["did A01 open ok", { kind: "did", id: "A01", step: "open", result: "ok" }],
    ["did A01 open 2", { kind: "did", id: "A01", step: "open", result: "ENOENT" }],
    ["saw A01 home-file a%20b%0A%ff", { kind: "saw", id: "A01", channel: "home-file", value: "a b\n\xff" }],
    ["saw A01 home-file ", { kind: "saw", id: "A01", channel: "home-file", value: "" }],
    ["end A01 attempted", { kind: "end", id: "A01", ending: "attempted", words: "" }],
    ["end D03 crashed signal 9", { kind: "end", id: "D03", ending: "crashed", words: "signal 9" }],
    ["error 3 no such attack", { kind: "error", line: 3, words: "no such attack" }],
  ])("reads %s", (line, expected) => expect(parseAttackLine(line)).toEqual(expected));

  test.each([
    "",
    "hello",
    "hello 1 riscv64",
    "start A1",
    "start A01 ",
    "did A01 open",
    "did A01 open -2",
    "did A01 Open ok",
    "saw A01 home-file a b",
    "saw A01 home-file %0",
    "saw A01 home-file %zz",
    `saw A01 home-file ${"x".repeat(513)}`,
    "end A01 passed",
    "error x words",
    "constructor A01",
    "start A01\r",
  ])("refuses %p", (line) => expect(parseAttackLine(line)).toBeUndefined());

  test("gives back what escapeValue made, byte for byte", () => {
    const text = String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1));
    expect(parseAttackLine(`saw A01 bytes ${escapeValue(text)}`)).toEqual({
      kind: "saw",
      id: "A01",
      channel: "bytes",
      value: text,
    });
  });
});
