import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completionShells, renderCompletion } from "../../src/commands/completion-script.ts";
import type { CompletionShell } from "../../src/commands/completion-script.ts";
import { commands } from "../fixtures/commands.ts";

const folder = mkdtempSync(join(tmpdir(), "cupel-test-"));
writeFileSync(join(folder, "outcome.json"), "");
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a shell on a script of its own that first reads the completion; gives what it printed, by lines. */
function ask(shell: CompletionShell, question: string, ...words: readonly string[]): string[] {
  const script = join(folder, `cupel.${shell}`);
  writeFileSync(script, renderCompletion(shell, commands));
  const flags = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] }[shell];
  const separator = shell === "fish" ? [] : ["_"];
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    [shell, ...flags, "-c", `source ${script}\n${question}`, ...separator, ...words],
    {
      cwd: folder,
      env: { HOME: folder, PATH: process.env["PATH"] ?? "" },
    },
  );
  expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

/** A shell that is not installed cannot be asked; bash always is. */
const installed = completionShells.filter((shell) => Bun.which(shell) !== null);

test("bash is there to be asked", () => {
  expect(installed).toContain("bash");
});

describe("renderCompletion", () => {
  for (const shell of completionShells) {
    test.skipIf(!installed.includes(shell))(`for ${shell} is a script that ${shell} can read`, () => {
      const script = join(folder, `check.${shell}`);
      writeFileSync(script, renderCompletion(shell, commands));
      const { stderr, exitCode } = Bun.spawnSync([shell, "-n", script], { env: { HOME: folder } });
      expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: "", exitCode: 0 });
    });

    test(`for ${shell} names every command and flag, and ends in one newline`, () => {
      const script = renderCompletion(shell, commands);
      const names = commands.flatMap(({ name, flags }) => [name, ...flags.map((flag) => flag.name)]);
      expect(names.filter((name) => !script.includes(name))).toEqual([]);
      expect(script).toMatch(/[^\n]\n$/u);
    });
  }
});

/** What each shell must offer for a line; `undefined` where its own way of completing decides. */
const cases: readonly { line: string[]; offers: string[] }[] = [
  { line: [""], offers: ["completion", "run", "trust"] },
  { line: ["r"], offers: ["run"] },
  { line: ["run", "--n"], offers: ["--network"] },
  { line: ["run", "--network", ""], offers: ["host", "none"] },
  { line: ["run", "--network", "h"], offers: ["host"] },
  { line: ["run", "--network", "host", "--stri"], offers: ["--strict"] },
  { line: ["run", "--accept-missing", "net."], offers: ["net.allowlist", "net.loopback", "net.none"] },
  { line: ["run", "--accept-missing", "fs.read,limit.m"], offers: ["fs.read,limit.memory"] },
  { line: ["run", "--result", "out"], offers: ["outcome.json"] },
  { line: ["run", "--result", "run", "--ne"], offers: ["--network"] },
  { line: ["run", "-m", "trust", "--ne"], offers: ["--network"] },
  { line: ["run", "--memory", ""], offers: [] },
  { line: ["run", "--", "cat", "out"], offers: ["outcome.json"] },
  { line: ["run", "cat", "out"], offers: ["outcome.json"] },
  { line: ["run", "--strict", "--", "mkfif"], offers: ["mkfifo"] },
  { line: ["run", "mkfif"], offers: ["mkfifo"] },
  { line: ["completion", ""], offers: ["bash", "fish", "zsh"] },
  { line: ["trust", ""], offers: ["add", "list"] },
  { line: ["trust", "-q", "list", "--j"], offers: ["--json"] },
  { line: ["trust", "add", "out"], offers: ["outcome.json"] },
  { line: ["trust", "list", "--m"], offers: [] },
];

describe("bash", () => {
  const complete = 'COMP_WORDS=(cupel "$@"); COMP_CWORD=$#; _cupel; printf "%s\\n" "${COMPREPLY[@]}"';

  test("completes cupel with the function", () => {
    expect(ask("bash", "complete -p cupel")).toEqual(["complete -F _cupel cupel"]);
  });

  test.each(cases)("completes $line", ({ line, offers }) => {
    const replies = ask("bash", complete, ...line);
    // Bash offers flags together with everything else that may stand there.
    expect(replies.filter((reply) => line.at(-1) !== "" || !reply.startsWith("-")).toSorted()).toEqual(offers);
  });

  test("completes a value behind =, which bash makes words of its own", () => {
    expect(ask("bash", complete, "run", "--network", "=", "h")).toEqual(["host"]);
    expect(ask("bash", complete, "run", "--network", "=")).toEqual(["none", "host"]);
    expect(ask("bash", complete, "run", "--network", "=", "host", "--stri")).toEqual(["--strict"]);
  });

  test("offers flags where nothing is typed yet, --help among them", () => {
    expect(ask("bash", complete, "trust", "")).toEqual(["add", "list", "--quiet", "-q", "--help", "-h"]);
  });

  test("keeps names with spaces whole", () => {
    writeFileSync(join(folder, "two words"), "");
    expect(ask("bash", complete, "run", "--read", "two")).toEqual(["two words"]);
  });
});

describe("fish", () => {
  test.skipIf(!installed.includes("fish")).each(cases)("completes $line", ({ line, offers }) => {
    const typed = ["cupel", ...line].join(" ");
    const replies = ask("fish", `complete -C '${typed}'`).map((reply) => reply.split("\t")[0] ?? "");
    expect(replies.filter((reply) => line.at(-1) !== "" || !reply.startsWith("-")).toSorted()).toEqual(offers);
  });

  test.skipIf(!installed.includes("fish"))("shows descriptions as they are written", () => {
    expect(ask("fish", "complete -C 'cupel run --res'")).toEqual([
      `--result\twrite the outcome to a file; costs $0 and isn't "free"`,
    ]);
  });

  test.skipIf(!installed.includes("fish"))("completes a list behind =", () => {
    const replies = ask("fish", "complete -C 'cupel run --accept-missing=fs.read,limit.m'");
    expect(replies.map((reply) => reply.split("\t")[0])).toEqual(["--accept-missing=fs.read,limit.memory"]);
  });
});

describe("zsh", () => {
  test.skipIf(!installed.includes("zsh"))("completes cupel with the function, sourced", () => {
    const script = join(folder, "sourced.zsh");
    writeFileSync(script, renderCompletion("zsh", commands));
    const start = `autoload -Uz compinit && compinit -D -u; source ${script}; print $_comps[cupel]; print \${(ok)functions[(I)_cupel*]}`;
    const { stdout, stderr } = Bun.spawnSync(["zsh", "-f", "-c", start], { env: { HOME: folder } });
    expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      stdout: "_cupel\n_cupel _cupel_completion _cupel_run _cupel_trust _cupel_trust_add _cupel_trust_list\n",
      stderr: "",
    });
  });
});
