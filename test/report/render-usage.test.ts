import { describe, expect, test } from "bun:test";
import type { CommandDescription } from "../../src/report/command-description.ts";
import { renderUsage } from "../../src/report/render-usage.ts";
import { commands } from "../fixtures/commands.ts";
import { expectTidy, plainStyle, styles, withoutColor } from "./printed-lines.ts";

const program: CommandDescription = {
  name: "cupel",
  summary: "finds out what this host can enforce",
  flags: [],
  subcommands: commands,
};

function usageOf(name: string, columns: number): string {
  const described = commands.find((command) => command.name === name);
  if (described === undefined) throw new Error(`the fixture has no ${name}`);
  return renderUsage(["cupel"], described, { ...plainStyle, columns });
}

describe("renderUsage", () => {
  test("of the program lists its commands", () => {
    expect(renderUsage([], program, plainStyle)).toBe(`cupel: finds out what this host can enforce.

Usage
      cupel COMMAND

Commands
  run                       run a command in a sandbox
  completion                print the script for a shell
  trust                     trust a project's file

cupel COMMAND --help tells more about a command.
`);
  });

  test("of a command lists operands, flags, examples and exit codes in two columns", () => {
    expect(usageOf("run", 80)).toBe(`cupel run: run a command in a sandbox.

Usage
      cupel run [flags] -- COMMAND...

Operands
  COMMAND...                the program and its arguments

Flags
  -m, --memory SIZE         cap on memory
  --network MODE            the job's network: [none] is the default; one of
                            none, host
  --accept-missing ID,...|all
                            run although these do not hold
  --result FILE             write the outcome to a file; costs $0 and isn't
                            "free"
  --read PATH               grant a path; may be given more than once
  --strict                  make every default a demand

Examples
      cupel run -- echo hello

Exit codes
  0-255                     the job's own
  128+n                     signal n ended it
`);
  });

  test("sets texts below their terms where there is no room beside them", () => {
    expect(usageOf("completion", 40)).toBe(`cupel completion: print the script for a
shell.

Usage
      cupel completion SHELL

Operands
  SHELL
      the shell; one of bash, zsh, fish
`);
  });

  test("names choices only where the description does not", () => {
    const value = { kind: "choice", placeholder: "MODE", choices: ["ro", "rw"] } as const;
    const flags = [
      { name: "one", description: "read-only (ro) or written (rw)", value },
      { name: "two", description: "how it is mounted", value },
    ];
    const text = renderUsage(["cupel"], { name: "run", summary: "", flags }, plainStyle);
    expect(text).toContain("--one MODE                read-only (ro) or written (rw)\n");
    expect(text).toContain("--two MODE                how it is mounted; one of ro, rw\n");
  });

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) => {
    for (const command of [...commands, program]) {
      const text = renderUsage(["cupel"], command, style);
      const usage = text
        .split("\n")
        .map((line) => withoutColor(line).trim())
        .filter((line) => line.startsWith("cupel "));
      expectTidy(text, style, usage);
    }
  });
});
