import { describe, expect, test } from "bun:test";
import { descriptions } from "../../src/commands/descriptions.ts";
import { planDescription, runDescription, shellDescription } from "../../src/commands/descriptions-job.ts";
import { groupFlags } from "../../src/commands/flag-groups.ts";
import { renderUsage } from "../../src/report/render-usage.ts";
import { expectTidy, plainStyle, styles, withoutColor } from "../report/printed-lines.ts";

const grouped = [runDescription, shellDescription, planDescription];

/** Headings with the names of their flags. */
function namesByHeading(command: (typeof descriptions)[number]): Record<string, string[]> {
  return Object.fromEntries(groupFlags(command).map(({ heading, flags }) => [heading, flags.map(({ name }) => name)]));
}

describe("groupFlags", () => {
  test.each(grouped)("puts each flag of $name under one heading", (command) =>
    expect(Object.values(namesByHeading(command)).flat().toSorted()).toEqual(
      command.flags.map(({ name }) => name).toSorted(),
    ),
  );

  test("has few enough under each to be found", () => {
    const counts = groupFlags(runDescription).map(({ flags }) => flags.length);
    expect([counts.length, Math.max(...counts)]).toEqual([12, 17]);
  });

  test("has them in the order in which people ask", () =>
    expect(Object.entries(namesByHeading(runDescription)).slice(0, 3)).toEqual([
      ["Workspace", ["workspace", "ignore", "apply"]],
      ["Files", ["read", "write", "tools", "deny", "protect", "root", "tmpfs", "file"]],
      ["Network", ["network", "allow-host", "transparent-network", "publish", "inject-header"]],
    ]));

  test("leaves the flags of any other command in one list", () =>
    expect(
      descriptions.filter((command) => groupFlags(command)[0]?.heading !== "Flags").map(({ name }) => name),
    ).toEqual(["plan", "run", "shell"]));

  test("does not let a flag go without a heading", () =>
    expect(() =>
      groupFlags({ ...runDescription, flags: [...runDescription.flags, { name: "new", description: "" }] }),
    ).toThrow(new Error("--new of cupel run has no heading")));

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) => {
    for (const command of grouped) {
      const text = renderUsage(["cupel"], command, style, groupFlags(command));
      const pasted = text
        .split("\n")
        .map((line) => withoutColor(line).trim())
        .filter((line) => line.startsWith("cupel "));
      expectTidy(text, style, pasted);
    }
  });

  test("shows every heading of run in its usage", () => {
    const lines = renderUsage(["cupel"], runDescription, plainStyle, groupFlags(runDescription)).split("\n");
    expect(lines.filter((line) => /^[A-Z]/.test(line))).toEqual([
      "Usage",
      "Operands",
      "Workspace",
      "Files",
      "Network",
      "Set-up",
      "Environment, terminal and system calls",
      "Secrets",
      "Limits",
      "Demands and the choice of a strategy",
      "Artifacts",
      "Output and records",
      "Job files and batches",
      "Help",
      "Examples",
      "Exit codes",
    ]);
  });
});
