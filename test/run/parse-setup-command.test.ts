import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { parseSetupCommand } from "../../src/run/parse-setup-command.ts";

describe("parseSetupCommand", () => {
  test.each<[string, string[]]>([
    ["npm ci", ["/bin/sh", "-c", "npm ci"]],
    ["[ -e a ] || b", ["/bin/sh", "-c", "[ -e a ] || b"]],
    ['["a"', ["/bin/sh", "-c", '["a"']],
    ['["cp","a",""]', ["cp", "a", ""]],
    [' ["a"]', ["a"]],
  ])("reads %j", (text, command) => expect(parseSetupCommand(text, "--setup")).toEqual(command as [string]));

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
