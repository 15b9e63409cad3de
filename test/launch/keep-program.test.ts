import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmdirSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { keepProgram } from "../../src/launch/keep-program.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import type { HelperPort } from "../../src/launch/helper-port.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { needs } from "../support/must-work.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

let directory: TempDir;
let helpers: HelperPort;

beforeEach(() => {
  directory = makeTempDir();
  helpers = createNativeHelpers(createRealHost(), [directory.at("state")]);
});

afterEach(() => directory[Symbol.dispose]());

function shell(script: string, deadlineMs = 20_000, controlGroups?: "covered" | "hidden") {
  return helpers.keep("/bin/sh", ["-c", script], {
    deadlineMs,
    controlGroups,
    environment: { PATH: "/usr/bin:/bin", WORD: "x" },
  });
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/status`) && !readFileSync(`/proc/${pid}/status`, "utf8").includes("State:\tZ");
}

describe("a kept program", () => {
  test("says what it says and ends as it ends", async () => {
    const result = await shell('echo "one $WORD"; echo two >&2; printf three; exit 7');
    expect(result).toEqual({
      status: "exited",
      code: 7,
      signal: null,
      stdout: "one x\nthree",
      stderr: "two\n",
      durationMs: expect.any(Number),
    });
  });

  test("may be ended by a signal", async () => {
    expect(await shell("kill -SEGV $$")).toMatchObject({ status: "exited", code: null, signal: "signal 11" });
  });

  test("that is not there is not started", async () => {
    expect(await helpers.keep(directory.at("none"), [], { deadlineMs: 1000 })).toEqual({
      status: "not-started",
      errno: "ENOENT at exec",
    });
  });

  test("takes what it started with it when it ends, whatever session that is in", async () => {
    const result = await shell("setsid sh -c 'setsid sleep 600 & echo $!; exec sleep 600' & echo $!; sleep 0.2");
    const pids = result.status === "exited" ? result.stdout.trim().split("\n").map(Number) : [];
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("is ended at its deadline with all that it started", async () => {
    const result = await shell("trap '' TERM; setsid sleep 600 & echo $!; echo $$; sleep 600 & wait", 300);
    expect(result.status).toBe("timeout");
    const pids = result.status === "timeout" ? result.stdout.trim().split("\n").map(Number) : [];
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("cannot talk its way out: only the prober's last lines tell its end", async () => {
    const forged = '{"step":"exited","errno":0,"value":0}\\n{"step":"end","errno":0,"value":0}\\n';
    for (const words of [forged, forged.slice(0, -2), forged.split("\\n")[0] ?? ""]) {
      const result = await shell(`printf '${words}'; exit 9`);
      expect(result).toMatchObject({ status: "exited", code: 9 });
    }
  });

  test("may write more than anyone reads, and its end is told all the same", async () => {
    const result = await shell("head -c 3000000 /dev/zero; exit 3");
    expect(result).toMatchObject({ status: "exited", code: 3 });
  });

  test("has a pipe that ends at once for its input, so that nobody's device is changed in its place", async () => {
    const result = await shell("readlink /proc/self/fd/0; cat");
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pipe:\[\d+\]\n$/) as never });
  });

  test("that shuts its own output down does not shut the prober's", async () => {
    expect(await shell("echo before; exec >&- 2>&-; exit 4")).toMatchObject({ code: 4, stdout: "before\n" });
  });

  needs(isRoot && existsSync("/sys/fs/cgroup"), "only root can hide control groups")(
    "finds no control groups where they are hidden, and everybody else does",
    async () => {
      const made = `/sys/fs/cgroup/cupel-test-${process.pid}`;
      const listed = await shell(`ls -A /sys/fs/cgroup; mkdir ${made} && echo made`, 20_000, "hidden");
      const seen = existsSync(made);
      if (seen) rmdirSync(made);
      expect(listed).toMatchObject({ status: "exited", code: 0, stdout: "made\n" });
      expect(seen).toBeFalse();
    },
  );

  needs(isRoot && existsSync("/sys/fs/cgroup"), "only root can cover control groups")(
    "finds all control groups read-only, and nobody else does",
    async () => {
      const script =
        "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/cupel-test-kept 2>&1 && echo made; done; exit 0";
      const result = await shell(script, 20_000, "covered");
      expect(result).toMatchObject({ status: "exited", code: 0 });
      expect(result.status === "exited" ? result.stdout : "").not.toContain("made");
      expect(result.status === "exited" ? result.stdout : "").toContain("Read-only");
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toMatch(/ \/sys\/fs\/cgroup\S* ro[, ].*cupel/);
    },
  );

  test("outlives a cupel that is killed by no more than its deadline", async () => {
    const script = `import { createRealHost } from "${import.meta.resolve("../../src/host/real-host.ts")}";
      import { createNativeHelpers } from "${import.meta.resolve("../../src/launch/native-helpers.ts")}";
      const helpers = createNativeHelpers(createRealHost(), [${JSON.stringify(directory.at("state"))}]);
      await helpers.keep("/bin/sh", ["-c", "setsid sleep 600 & echo $! > ${directory.at("pid")}; sleep 600"], { deadlineMs: 1500 });`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "ignore" });
    const pid = await until("the program runs", () => {
      const text = existsSync(directory.at("pid")) ? readFileSync(directory.at("pid"), "utf8") : "";
      return text.endsWith("\n") && Number(text);
    });
    child.kill("SIGKILL");
    await child.exited;
    await until("what it started ends", () => !isRunning(pid));
  }, 30_000);
});

test("a prober that cannot be started, or says nothing, is told as such", async () => {
  const options = { deadlineMs: 100 };
  expect(await keepProgram(() => Promise.resolve("no place"), ["x"], options)).toEqual({
    status: "not-started",
    errno: "no place",
  });
  const silent = { status: "exited", code: 1, signal: null, stdout: "", stderr: "", durationMs: 1 } as const;
  expect(await keepProgram(() => Promise.resolve(silent), ["x"], options)).toMatchObject({ status: "timeout" });
});
