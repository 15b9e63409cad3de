import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { runCode } from "../support/evaluate.ts";
import { needsPrograms } from "../support/must-work.ts";

const module = join(repositoryRoot, "src/commands/terminal.ts");
const megabyte = `"x".repeat(1_000_000)`;

/** Runs code in a shell that does something else with its standard error. */
function shell(code: string, redirection: string): ReturnType<typeof execute> {
  const script = `const { say, writeErrors, writeOutput } = await import(${JSON.stringify(module)}); ${code}`;
  return execute(["sh", "-c", `exec "$@" ${redirection}`, "sh", process.execPath, "-e", script], {
    env: { PATH: "/usr/bin:/bin" },
  });
}

describe("say", () => {
  test("writes one line, with its name in front", async () => {
    const { stderr, stdout } = await runCode(`(await import(src + "/commands/terminal.ts")).say("süß");`);
    expect([stderr, stdout]).toEqual(["cupel: süß\n", ""]);
  });
});

describe("writeErrors", () => {
  test("writes all of a long text to a slow reader", async () => {
    const { stdout } = await shell(`writeErrors(${megabyte});`, "2>&1 >/dev/null | { sleep 0.2; wc -c; }");
    expect(stdout.trim()).toBe("1000000");
  });

  needsPrograms("python3")("writes all of it through a pipe that does not block", async () => {
    const reader = [
      "import os, subprocess, sys, time",
      "r, w = os.pipe()",
      "os.set_blocking(w, False)",
      "p = subprocess.Popen(sys.argv[1:], stderr=w)",
      "os.close(w)",
      "time.sleep(0.2)",
      "print(sum(len(b) for b in iter(lambda: os.read(r, 65536), b'')), p.wait())",
    ].join("\n");
    const script = `const { writeErrors } = await import(${JSON.stringify(module)}); writeErrors(${megabyte});`;
    const { stdout } = await execute(["python3", "-c", reader, process.execPath, "-e", script], {
      env: { PATH: "/usr/bin:/bin" },
    });
    expect(stdout.trim()).toBe("1000000 0");
  });

  test.each([
    ["closed", "2>&-"],
    ["full", "2>/dev/full"],
  ])("goes on where standard error is %s: there is nobody to tell", async (_, redirection) => {
    const { code, stdout } = await shell(`say("x"); console.log("on");`, redirection);
    expect([code, stdout]).toEqual([0, "on\n"]);
  });

  test("goes on where its reader went away", async () => {
    const script = `const { writeErrors } = await import(${JSON.stringify(module)}); writeErrors(${megabyte}); console.log("on");`;
    const words = ["sh", "-c", `{ "$@" 2>&1 >&3 | true; } 3>&1`, "sh", process.execPath, "-e", script];
    const { stdout } = await execute(words, { env: { PATH: "/usr/bin:/bin" } });
    expect(stdout).toBe("on\n");
  });
});

describe("writeOutput", () => {
  test("writes all of a long text to a slow reader, though cupel ends at once", async () => {
    const { stdout } = await shell(`writeOutput(${megabyte}); process.exit(0);`, "| { sleep 0.2; wc -c; }");
    expect(stdout.trim()).toBe("1000000");
  });

  test("goes on where its reader went away: it has what it wanted", async () => {
    const { stderr } = await shell(`writeOutput(${megabyte}); console.error("on");`, "| true");
    expect(stderr).toBe("on\n");
  });

  test("fails where standard output is full: half an answer is none", async () => {
    const code = `try { writeOutput("x"); } catch ({ code, message }) { console.error(code, message); }`;
    const message = "set-up standard output could not be written (ENOSPC); what it holds is not all\n";
    expect(await shell(code, ">/dev/full")).toMatchObject({ code: 0, stderr: message });
  });
});
