/** The strategy that leaves the sandbox to bubblewrap: what only it can meet, beside what every sandbox is tested with. */
import { describe, expect, test } from "bun:test";
import { childrenOf, findProcesses, freshMark, readIfThere, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inBubblewrap = ["run", "--strategy", "bubblewrap", "--workspace", "ro"];

/** What a bwrap does that is the real one for whoever only tries it, and something else when a job is to be run. */
const impostors = {
  "that isolates nothing": ['shift 2; shift; exec "$@"', "not the first process of a PID namespace"],
  "that ends without a word": ["exit 0", "the program that makes the sandbox exited with 0, and said nothing"],
  "that fails with a word": [
    "echo 'first line' >&2; echo 'bwrap: no such luck' >&2; exit 7",
    "the program that makes the sandbox exited with 7: bwrap: no such luck",
  ],
  "that never comes to an end": ["exec sleep 60", "timeout"],
} as const;

function callWith(caller: Caller, script: string) {
  const directory = makeTempDir({ owner: caller, mode: 0o755 });
  directory.file("bwrap", `#!/bin/sh\n[ "$1" = --args ] || exec /usr/bin/bwrap "$@"\n${script}\n`, 0o755);
  const env = { PATH: `${directory.path}:/usr/bin:/bin`, XDG_STATE_HOME: directory.at("state") };
  return { directory, run: () => cupel.run(caller, [...inBubblewrap, "--", "true"], { env }) };
}

describe.each(callers)("called by $name", (caller) => {
  test.each(Object.entries(impostors))("a bwrap %s is found out, and nothing runs in it", async (_name, given) => {
    const [script, why] = given;
    const { directory, run } = callWith(caller, script);
    using _directory = directory;
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    const said = stderr.replaceAll(/\s+/g, " ");
    expect(said).toContain("Cause: bubblewrap has not passed its trial: ");
    expect(said).toContain(why);
  });

  test.each(["cupel", "launcher", "bwrap"] as const)("kill -9 of %s ends the job", async (victim) => {
    const mark = freshMark();
    await using running = cupel.start(caller, [...inBubblewrap, "--", "sleep", mark]);
    const bwrap = await until("the job is seen", () => childrenOf(running.pid).find((pid) => leadsToJob(pid, mark)));
    const victims = { cupel: running.pid, launcher: Number(statusField(bwrap, "PPid")), bwrap };
    expect(new Set(Object.values(victims)).size).toBe(3);
    process.kill(victims[victim], "SIGKILL");
    await until("the job is gone", () => !findProcesses(mark).some(({ pid }) => isJob(pid, mark)));
  });

  test("input that is relayed arrives", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("input", "one\ntwo\n");
    const ran = await cupel.shell(caller, `"$CUPEL" ${inBubblewrap.join(" ")} -- cat < ${path}`);
    expect(ran).toEqual({ code: 0, signal: null, stdout: "one\ntwo\n", stderr: "" });
  });

  test("outputs can be opened by name, each of them", async () => {
    using directory = makeTempDir({ owner: caller });
    const script = `"$CUPEL" ${inBubblewrap.join(" ")} -- sh -c 'echo a >/dev/stdout; echo b >/dev/stderr' <${directory.file("in", "")} 2>${directory.at("err")} | cat; cat ${directory.at("err")}`;
    expect(await cupel.shell(caller, script)).toMatchObject({ code: 0, stdout: "a\nb\n", stderr: "" });
  });

  test("it runs under a low limit on open files, with many grants", async () => {
    using directory = makeTempDir({ owner: caller });
    const grants = Array.from({ length: 100 }, (_, at) => `--read ${directory.file(`file-${at}`, String(at))}`);
    const script = `ulimit -n 512; "$CUPEL" ${inBubblewrap.join(" ")} ${grants.join(" ")} -- cat ${directory.at("file-99")}`;
    expect(await cupel.shell(caller, script)).toMatchObject({ code: 0, stdout: "99", stderr: "" });
    const little = `ulimit -n 200; "$CUPEL" ${inBubblewrap.join(" ")} -- echo ran`;
    expect(await cupel.shell(caller, little)).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  });

  test("a batch is refused: it makes one sandbox at a time", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("jobs.jsonl", '{"command": ["true"]}\n');
    const ran = await cupel.run(caller, ["run", "--strategy", "bubblewrap", "--batch", path]);
    expect(ran).toEqual({
      code: 125,
      signal: null,
      stdout: "",
      stderr: "cupel: bubblewrap makes one sandbox at a time; run these jobs one by one, without --batch\n",
    });
  });

  test("what it is told stands in no argument", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("secret-name", "");
    const mark = freshMark();
    await using running = cupel.start(caller, [...inBubblewrap, "--read", path, "--", "sleep", mark]);
    const bwrap = await until("the job is seen", () => childrenOf(running.pid).find((pid) => leadsToJob(pid, mark)));
    expect(wordsOf(bwrap)).toEqual(["/usr/bin/bwrap", "--args", "14", "--", "/proc/self/fd/11", "inside", ""]);
    running.kill("SIGTERM");
  });
});

function wordsOf(pid: number): string[] {
  return readIfThere(`/proc/${pid}/cmdline`).split("\0");
}

/** And not to something that is only tried. The nearest to cupel is the one that it started. */
function leadsToJob(pid: number, mark: string): boolean {
  return wordsOf(pid)[0] === "/usr/bin/bwrap" && childrenOf(pid).some((child) => isJob(child, mark));
}

function isJob(pid: number, mark: string): boolean {
  const [program, argument] = wordsOf(pid);
  return program === "sleep" && argument === mark;
}
