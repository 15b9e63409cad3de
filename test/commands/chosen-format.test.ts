import { describe, expect, test } from "bun:test";
import { chosenFormat, formatChoices, formatNames } from "../../src/commands/chosen-format.ts";

function chosen(flags: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(flags).map(([name, value]): [string, string[]] => [name, [value]]);
  return chosenFormat({ flags: new Map(given), operands: [] }, environment);
}

const github = { CI: "true", GITHUB_ACTIONS: "true" };

describe("chosenFormat", () => {
  test("is text unless something is named, in CI too", () => {
    expect([chosen({}), chosen({}, github)]).toEqual(["text", "text"]);
  });

  test.each(formatNames)("is %s where that is named, wherever that is", (format) => {
    expect([chosen({ format }), chosen({ format }, github)]).toEqual([format, format]);
  });

  test("is JSON with --json", () => expect(chosen({ json: "", format: "auto" }, github)).toBe("json"));

  test.each([
    ["github", github],
    ["text", { CI: "true", GITHUB_ACTIONS: "false" }],
    ["text", { CI: "true", GITHUB_ACTIONS: "" }],
    ["text", { CI: "true", GITLAB_CI: "true" }],
    ["text", { CI: "true" }],
    ["text", {}],
  ])("is %s with auto, where the environment is %p", (format, environment) => {
    expect(chosen({ format: "auto" }, environment)).toBe(format);
  });
});

describe("formatChoices", () => {
  test("are the formats and auto", () => expect(formatChoices).toEqual([...formatNames, "auto"]));
});
