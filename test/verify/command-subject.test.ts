import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { commandSubject, splitCommand } from "../../src/verify/command-subject.ts";

describe("splitCommand", () => {
  test.each([
    ["bwrap --ro-bind / / --", ["bwrap", "--ro-bind", "/", "/", "--"]],
    ["  env   -i ", ["env", "-i"]],
    [`sh -c 'a "b" c' "it's"`, ["sh", "-c", 'a "b" c', "it's"]],
    [`x '' y"z z"`, ["x", "", "yz z"]],
  ])("splits %p", (text, words) => expect(splitCommand(text)).toEqual(words));

  test.each(["", "   ", "env 'x", 'env "x'])("refuses %p", (text) =>
    expect(() => splitCommand(text)).toThrow(CupelError),
  );
});

describe("commandSubject", () => {
  test("puts the attacker's path where it is asked for, and asks for no caps", () => {
    const subject = commandSubject("bwrap --ro-bind {} {} --");
    expect(subject.prefix("/tmp/attacker", {})).toEqual(["bwrap", "--ro-bind", "/tmp/attacker", "/tmp/attacker", "--"]);
    expect(subject.prefix("/tmp/attacker", { pids: 40 })).toBeUndefined();
    expect([subject.declared, subject.tells("fs.read"), subject.tells("limit.pids")]).toEqual([undefined, true, false]);
  });
});
