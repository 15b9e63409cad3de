import { beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const root = `${import.meta.dir}/../..`;

interface Example {
  readonly command: string;
  readonly expected: readonly string[];
}

/** Commands (`$ …`) of every console block, each with the lines that follow it. */
function parseExamples(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = "", ...expected] = text.replace(/\n$/, "").split("\n");
        return { command, expected };
      }),
  );
}

/** Whether a line is the expected one, where `…` at its end stands for the rest of it. */
function matchesLine(seen: string | undefined, expected: string): boolean {
  return expected.endsWith("…") ? seen?.startsWith(expected.slice(0, -1)) === true : seen === expected;
}

/** Whether lines are the expected ones, where a line `…` stands for any number of lines. */
function matchesLines(seen: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return seen.length === 0;
  if (first === "…")
    return Array.from({ length: seen.length + 1 }, (_, skip) => skip).some((skip) =>
      matchesLines(seen.slice(skip), rest),
    );
  return matchesLine(seen[0], first) && matchesLines(seen.slice(1), rest);
}

/** The set-up says what it does, once; the README shows what follows. */
beforeAll(() => {
  Bun.spawnSync([`${root}/scripts/cupel`, "version"]);
}, 120_000);

const examples = parseExamples(readFileSync(`${root}/README.md`, "utf8"));

test("the README has examples", () => {
  expect(examples.length).toBeGreaterThan(5);
});

test("matchesLines tells a wrong line", () => {
  expect([matchesLines(["a", "b"], ["a", "c"]), matchesLines(["a", "b", "c"], ["a", "…", "c"])]).toEqual([false, true]);
});

test.each(examples)(
  "README: $command",
  ({ command, expected }) => {
    const result = Bun.spawnSync(["bash", "-c", command], {
      cwd: root,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const seen = `${result.stderr.toString()}${result.stdout.toString()}`.replace(/\n$/, "").split("\n");
    const lines = seen.length === 1 && seen[0] === "" ? [] : seen;
    expect({ exitCode: result.exitCode, matches: matchesLines(lines, expected), lines }).toEqual({
      exitCode: 0,
      matches: true,
      lines,
    });
  },
  60_000,
);
