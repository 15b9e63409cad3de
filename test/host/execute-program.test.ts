import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { executeProgram } from "../../src/host/execute-program.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";

const source = join(repositoryRoot, "src/host/execute-program.ts");

/** A process of its own that becomes another program, with descriptors 7 and 9, of which 9 was meant to be closed. */
function becoming(execution: Readonly<Record<string, unknown>>) {
  const code = `
    import { executeProgram } from ${JSON.stringify(source)};
    console.log(executeProgram(${JSON.stringify(execution)}));`;
  return execute(["bash", "-c", 'exec "$0" -e "$1" 7</etc/hostname 9</etc/passwd', process.execPath, code]);
}

describe("executeProgram", () => {
  const shell = (script: string) => ({
    path: "/bin/sh",
    arguments: ["a name", "-c", script, "word", "größer"],
    environment: ["PATH=/bin:/usr/bin", "A=ä=b", "EMPTY="],
    keep: [],
  });

  test("becomes the program, with these words and variables and no others", async () => {
    const { code, stdout, stderr } = await becoming(shell('tr "\\0" "\\n" </proc/$$/cmdline; env | sort; exit 3'));
    expect([code, stderr]).toEqual([3, ""]);
    expect(stdout.split("\n").filter((line) => !/^(?:_|PWD|SHLVL|OLDPWD)=/.test(line))).toEqual([
      "a name",
      "-c",
      'tr "\\0" "\\n" </proc/$$/cmdline; env | sort; exit 3',
      "word",
      "größer",
      "A=ä=b",
      "EMPTY=",
      "PATH=/bin:/usr/bin",
      "",
    ]);
  });

  test("keeps the process, and all that was open before the runtime opened its own", async () => {
    const script = 'echo $PPID; for at in /proc/$$/fd/*; do echo "${at##*/} $(readlink "$at")"; done';
    const [first = "", ...open] = (await becoming(shell(script))).stdout.trim().split("\n");
    expect(Number(first)).toBe(process.pid);
    const named = Object.fromEntries(open.map((line) => line.split(" ") as [string, string]));
    expect(named).toMatchObject({ 7: "/etc/hostname", 9: "/etc/passwd" });
    expect(Object.values(named).filter((path) => path.startsWith("anon_inode:"))).toEqual([]);
  });

  test("says why it could not, and goes on", () => {
    const nothing = { path: "/nosuch", arguments: ["a"], environment: [], keep: [] };
    expect(executeProgram(nothing)).toBe("ENOENT");
    expect(executeProgram({ ...nothing, path: "/etc/passwd" })).toBe("EACCES");
  });
});
