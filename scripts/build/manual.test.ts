import { describe, expect, test } from "bun:test";
import { runDescription } from "../../src/commands/descriptions-job.ts";
import { descriptions } from "../../src/commands/descriptions.ts";
import { groupFlags } from "../../src/commands/flag-groups.ts";
import { needsPrograms } from "../../test/support/must-work.ts";
import { escapeTroff, renderManual } from "./manual.ts";

const page = renderManual({ version: "1.2.3", commands: descriptions });

/** The page as man(1) shows it, without overstrikes, and what the formatter complained of. */
function format(text: string): { shown: string; complaints: string } {
  const ran = Bun.spawnSync(["groff", "-man", "-Tascii", "-ww", "-P-c", "-rLL=100n"], { stdin: Buffer.from(text) });
  // Bold is a character, a step back and the character again.
  const [first = "", ...rest] = ran.stdout.toString().split("\b");
  return { shown: first + rest.map((part) => part.slice(1)).join(""), complaints: ran.stderr.toString() };
}

describe("renderManual", () => {
  needsPrograms("groff")("is a page that groff has nothing to say against", () => {
    const { shown, complaints } = format(page);
    expect(complaints).toBe("");
    for (const section of ["NAME", "SYNOPSIS", "COMMANDS", "FILES", "ENVIRONMENT"])
      expect(shown).toContain(`\n${section}\n`);
  });

  needsPrograms("groff")("tells of every command, flag and exit code", () => {
    const { shown } = format(page);
    for (const { name, flags, exitCodes } of descriptions) {
      expect(shown).toContain(`cupel ${name}`);
      for (const flag of flags) expect(shown).toContain(`--${flag.name}`);
      for (const { heading } of name === "run" ? groupFlags(runDescription) : [])
        expect(shown).toContain(`\n       ${heading}:\n`);
      for (const { code } of exitCodes ?? []) expect(shown).toContain(`\n       ${code}`);
    }
  });
});

describe("escapeTroff", () => {
  test.each([
    ["--require ID,…", "\\-\\-require ID,..."],
    [".not a request", "\\&.not a request"],
    ["'nor this\n.or this", "\\&'nor this\n\\&.or this"],
    ["a\\b", "a\\eb"],
  ])("%p", (text, expected) => expect(escapeTroff(text)).toBe(expected));
});
