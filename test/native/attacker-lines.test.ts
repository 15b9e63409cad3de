import { describe, expect, test } from "bun:test";
import { parseListedAttack, parseVictimLine, type VictimLine } from "../support/attacker-lines.ts";

describe("parseListedAttack", () => {
  test("tells needed keys from those that it can do without", () => {
    expect(parseListedAttack("A02 home-file,victim-pid? read by way of /proc")).toEqual({
      id: "A02",
      title: "read by way of /proc",
      keys: ["home-file"],
      optionalKeys: ["victim-pid"],
    });
    const nothing = { id: "F06", title: "what it holds", keys: [], optionalKeys: [] };
    expect(parseListedAttack("F06 - what it holds")).toEqual(nothing);
  });

  test.each(["A02", "A02 -", "G01 - planted links", "A02 Home title"])("refuses %p", (line) =>
    expect(parseListedAttack(line)).toBeUndefined(),
  );
});

describe("parseVictimLine", () => {
  test.each<[string, VictimLine]>([
    ["victim 12 140737488355328 3", { kind: "victim", pid: 12, address: "140737488355328", descriptor: 3 }],
    ["signal 15", { kind: "signal", number: 15 }],
    ["changed", { kind: "changed" }],
  ])("reads %s", (line, expected) => expect(parseVictimLine(line)).toEqual(expected));

  test.each(["", "victim 12", "signal TERM", "changed "])("refuses %p", (line) =>
    expect(parseVictimLine(line)).toBeUndefined(),
  );
});
