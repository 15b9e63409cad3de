import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { parseSetupCommand } from "../../src/run/parse-setup-command.ts";

describe("parseSetupCommand", () => {
  test.each<[string, string[]]>([
    ["npm ci", ["/bin/sh", "-c", "npm ci"]],
    ["[ -e a ] || b", ["/bin/sh", "-c", "[ -e a ] || b"]],
    ["[a", ["/bin/sh", "-c", "[a"]],
    ['[ "a" = b ] && c', ["/bin/sh", "-c", '[ "a" = b ] && c']],
    ['["cp","a",""]', ["cp", "a", ""]],
    [' ["a"]', ["a"]],
  ])("reads %j", (text, command) => expect(parseSetupCommand(text, "--setup")).toEqual(command as [string]));

  test("refuses half a list, which no shell could make anything of", () =>
    expect(() => parseSetupCommand('["npm",', "--setup")).toThrow(
      new CupelError(
        "usage",
        '--setup "[\\"npm\\"," begins as a list in JSON, and is none; write ["npm","ci"], or a script for sh',
      ),
    ));

  test.each(["[]", "[1,2]", '["a",null]', '[["a"]]', '[""]', String.raw`["a\u0000"]`, " [true]"])(
    "refuses a list that is no command: %s",
    (list) =>
      expect(() => parseSetupCommand(list, "--setup")).toThrow(
        new CupelError(
          "usage",
          `--setup ${JSON.stringify(list)} is a list in JSON, and no command; write a program and its arguments, each as text, or a script for sh`,
        ),
      ),
  );
});
