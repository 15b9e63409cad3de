import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readFileSync, symlinkSync } from "node:fs";
import { runProgram, streamProgram } from "../../src/host/run-program.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const plenty = { deadlineMs: 10_000 };
const mebibyte = 1024 * 1024;

function shell(script: string, options: Parameters<typeof runProgram>[2] = plenty): ReturnType<typeof runProgram> {
  return runProgram("/bin/sh", ["-c", script], options);
}

/** A process that has ended but was not yet waited for counts as gone. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // It went between the two looks.
    return false;
  }
}

function isGone(pid: number): Promise<boolean> {
  return until(`process ${pid} is gone`, () => !isRunning(pid), 3000);
}

describe("runProgram", () => {
  test("gives code and output of a program that ends", async () => {
    const result = await shell("echo out; echo err >&2; exit 7");
    expect(result).toEqual({
      status: "exited",
      code: 7,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      durationMs: expect.any(Number),
    });
  });

  test("says why where there is no descriptor left to start a program with", () => {
    const script = `
      import { openSync } from "node:fs";
      import { runProgram } from ${JSON.stringify(import.meta.resolve("../../src/host/run-program.ts"))};
      await runProgram("/bin/true", [], { deadlineMs: 5000 });
      try { for (;;) openSync("/dev/null", "r"); } catch (error) { if (error.code !== "EMFILE") throw error; }
      const ran = await runProgram("/bin/true", [], { deadlineMs: 5000 });
      console.log(JSON.stringify(ran));`;
    const limited = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", process.execPath, "-e", script];
    const { stdout, stderr } = Bun.spawnSync(limited);
    expect([stdout.toString(), stderr.toString()]).toEqual(['{"status":"not-started","errno":"EMFILE"}\n', ""]);
  });

  test("measures how long a program took", async () => {
    const started = performance.now();
    const result = await shell("sleep 0.05");
    // The clock is started when the program is, which may be a moment before cupel has control again.
    expect(result.status === "exited" && result.durationMs).toBeGreaterThanOrEqual(40);
    expect(result.status === "exited" && result.durationMs).toBeLessThanOrEqual(performance.now() - started);
  });

  test("gives the signal of a program that is killed by one", async () => {
    expect(await shell("kill -SEGV $$")).toMatchObject({ status: "exited", code: null, signal: "SIGSEGV" });
  });

  test.each([
    ["what is not there", "absent", "ENOENT"],
    ["what is not executable", "text", "EACCES"],
    ["a directory", ".", "EACCES"],
    ["what is no program, for all its mode", "foreign", "ENOEXEC"],
    ["a loop of symlinks", "loop", "ELOOP"],
    ["what lies below a file", "text/below", "ENOTDIR"],
  ])("says that %s was not started", async (_, name, errno) => {
    using directory = makeTempDir();
    directory.file("text", "echo", 0o644);
    directory.file("foreign", "\x7fELF of another machine", 0o755);
    symlinkSync("loop", directory.at("loop"));
    expect(await runProgram(directory.at(name), [], plenty)).toEqual({ status: "not-started", errno });
  });

  test("gives exactly the environment that is stated, and nothing of the caller's otherwise", async () => {
    const variables = async (options: Parameters<typeof runProgram>[2]): Promise<string[]> => {
      const result = await runProgram("/usr/bin/env", [], options);
      return result.status === "exited" ? result.stdout.trim().split("\n") : [result.status];
    };
    expect(await variables({ ...plenty, environment: { A: "b c" } })).toEqual(["A=b c"]);
    expect((await variables(plenty)).toSorted()).toEqual([
      "LC_ALL=C",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]);
  });

  test("gives it no input, / as its directory, and a process group of its own", async () => {
    const result = await shell("cat; pwd; echo $$; ps -o pgid= -p $$");
    const [directory, pid, group] = result.status === "exited" ? result.stdout.split("\n") : [];
    expect({ directory, isLeader: pid === group?.trim() }).toEqual({ directory: "/", isLeader: true });
  });

  test("kills the whole group at the deadline, and gives what was written until then", async () => {
    const started = performance.now();
    const result = await shell('sh -c "echo \\$\\$; sleep 60" & sleep 60', { deadlineMs: 300 });
    expect(result).toEqual({
      status: "timeout",
      stdout: expect.stringMatching(/^\d+\n$/),
      stderr: "",
      durationMs: expect.any(Number),
    });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await isGone(Number(result.status === "timeout" && result.stdout))).toBeTrue();
  });

  test("does not wait for a program that left the group and holds the pipes", async () => {
    const result = await shell("setsid sh -c 'echo $$; sleep 5' & sleep 5", { deadlineMs: 300 });
    expect(result.status).toBe("timeout");
    expect(result.status === "timeout" && result.durationMs).toBeLessThan(4000);
  });

  test("kills what a program leaves running when it ends", async () => {
    const result = await shell("sleep 60 & echo $!");
    expect(result).toMatchObject({ status: "exited", code: 0 });
    expect(result.status === "exited" && result.durationMs).toBeLessThan(5000);
    expect(await isGone(Number(result.status === "exited" && result.stdout))).toBeTrue();
  });

  test("keeps a mebibyte of a flood, of each stream, and lets the program end", async () => {
    const result = await shell("head -c 5000000 /dev/zero; head -c 2000000 /dev/zero >&2; exit 3");
    const sizes = result.status === "exited" && [result.code, result.stdout.length, result.stderr.length];
    expect(sizes).toEqual([3, mebibyte, mebibyte]);
  });

  test("runs many programs at once, each with its own output", async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, number) => shell(`echo ${number}`)));
    expect(results.map((result) => result.status === "exited" && result.stdout)).toEqual(
      Array.from({ length: 20 }, (_, number) => `${number}\n`),
    );
  });

  test("leaves no file of this process open in the program", async () => {
    using directory = makeTempDir();
    const descriptor = openSync(directory.file("secret"), "r");
    const result = await shell("ls -l /proc/self/fd");
    closeSync(descriptor);
    expect(result.status === "exited" && result.stdout).toMatch(/pipe:|socket:/);
    expect(result.status === "exited" && result.stdout).not.toContain("secret");
  });
});

describe("streamProgram", () => {
  const stream = (script: string, read: Parameters<typeof streamProgram>[3], deadlineMs = plenty.deadlineMs) =>
    streamProgram("/bin/sh", ["-c", script], { deadlineMs }, read);

  const countInto = (counted: { bytes: number }) => async (output: AsyncIterable<Uint8Array>) => {
    for await (const chunk of output) counted.bytes += chunk.length;
  };

  test("gives all that is written, and how the program ended", async () => {
    const counted = { bytes: 0 };
    const result = await stream("head -c 5000000 /dev/zero; echo why >&2; exit 3", countInto(counted));
    expect([counted.bytes, result]).toEqual([
      5_000_000,
      { status: "exited", code: 3, signal: null, stdout: "", stderr: "why\n", durationMs: expect.any(Number) },
    ]);
  });

  test("ends a program that nobody reads on, and says why nobody does", async () => {
    const gone = stream("echo $$; exec cat /dev/zero", async (output) => {
      for await (const chunk of output) throw new Error(String(chunk.length > 0));
    });
    expect(await gone.catch((error: unknown) => error)).toEqual(new Error("true"));
  });

  test("says why nobody reads on, also of a program that fails for that before it is ended", async () => {
    using directory = makeTempDir();
    const script = `echo begun; until [ -e ${directory.at("go")} ]; do sleep 0.01; done; exit 3`;
    const failed = stream(script, async (output) => {
      for await (const chunk of output) {
        directory.file("go", "");
        // It has ended by now, and nobody has heard of it.
        Bun.sleepSync(200);
        throw new Error(String(chunk));
      }
    });
    expect(await failed.catch((error: unknown) => error)).toEqual(new Error("begun\n"));
  });

  test("tells how a program failed that nobody stopped, whatever its reader made of it", async () => {
    const failed = stream("echo begun; exit 3", async (output) => {
      for await (const chunk of output) {
        await Bun.sleep(200);
        throw new Error(String(chunk));
      }
    });
    expect(await failed).toMatchObject({ status: "exited", code: 3 });
  });

  test("tells how a program failed rather than what its reader missed", async () => {
    const result = await stream("echo half; exit 3", async (output) => {
      for await (const chunk of output) void chunk;
      throw new Error("it ends too early");
    });
    expect(result).toMatchObject({ status: "exited", code: 3 });
  });

  test("ends one at its deadline, and knows one that cannot be started", async () => {
    const counted = { bytes: 0 };
    expect(await stream("echo begun; sleep 60", countInto(counted), 300)).toMatchObject({ status: "timeout" });
    expect(await streamProgram("/no/such", [], plenty, countInto(counted))).toEqual({
      status: "not-started",
      errno: "ENOENT",
    });
    expect(counted.bytes).toBe(6);
  });
});
