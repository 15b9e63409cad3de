import { describe, expect, test } from "bun:test";
import { CupelError } from "../../../src/model/error.ts";
import { parseSecret } from "../../../src/run/secrets/secret-source.ts";

function refusal(text: string): string {
  try {
    parseSecret(text, "--secret");
  } catch (error) {
    if (error instanceof CupelError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing";
}

describe("parseSecret", () => {
  test.each([
    ["A=file:/a=b", { kind: "file", path: "/a=b" }],
    ["_1=file:rel", { kind: "file", path: "rel" }],
    ["A=fd:3", { kind: "descriptor", number: 3 }],
    ["A=command:pass  show a:b ", { kind: "command", words: ["pass", "show", "a:b"] }],
  ] as const)("%s", (text, source) => {
    const name = text.split("=", 1)[0] ?? "";
    expect(parseSecret(text, "--secret")).toEqual({ name, source, stated: `--secret ${name}` });
  });

  const noName =
    "usage: --secret states no secret; write NAME=file:PATH, NAME=fd:N or NAME=command:PROGRAM, with a name of at most 64 letters, digits and _";
  test.each(["", "A", "=file:a", "1A=file:a", "a-b=file:a", "../a=file:a", `${"A".repeat(65)}=file:a`])(
    "%j has no name",
    (text) => expect(refusal(text)).toBe(noName),
  );

  test.each(["", "ghp_0123456789", "file:", "fd:2", "fd:x", "fd:99999999", "command:", "command: ", "env:A", "FILE:a"])(
    "A=%s names no source, and is not repeated",
    (text) =>
      expect(refusal(`A=${text}`)).toBe(
        "usage: --secret A names no source; write A=file:PATH, A=fd:N with a descriptor above 2, or A=command:PROGRAM, and never the value itself",
      ),
  );
});
