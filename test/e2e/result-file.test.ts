/** `--result`: the outcome as JSON, whole, and no way for a job to write or misdirect it. */
import { describe, expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { installCupel, type CallOptions } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

interface OutcomeFile {
  readonly [name: string]: unknown;
  readonly guarantees: readonly { readonly id: string; readonly kept: boolean }[];
  readonly limits: readonly object[];
  readonly cause: {
    readonly code: string;
    readonly summary: string;
    readonly evidence: readonly { readonly action: string; readonly result: string }[];
  };
  readonly usage?: Readonly<Record<string, number>>;
  readonly phases?: Readonly<Record<string, number>>;
  readonly degraded: readonly { readonly id: string }[];
  readonly output?: readonly object[];
}

async function outcomeOf(caller: Caller, words: readonly string[], options: CallOptions = {}): Promise<OutcomeFile> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("result.json");
  const { code } = await cupel.run(caller, ["run", "--result", path, ...words], options);
  const outcome = JSON.parse(readFileSync(path, "utf8")) as OutcomeFile;
  expect(outcome["exitCode"]).toBe(code);
  expect(readdirSync(directory.path)).toEqual(["result.json"]);
  return outcome;
}

/** What no test can know replaced by its kind; guarantees and limits are looked at on their own. */
function normalize({ cause, guarantees, limits, usage, phases, degraded, ...rest }: OutcomeFile): object {
  return {
    ...rest,
    ...(rest["report"] === undefined ? {} : { report: typeof rest["report"] }),
    run: typeof rest["run"],
    cause: [cause.code, cause.summary],
    evidence: cause.evidence.map(({ action }) => action),
    kept: guarantees.some(({ kept }) => kept),
    limits: limits.length,
    degraded: degraded.map(({ id }) => id),
    ...(usage === undefined ? {} : { usage: Object.keys(usage).sort() }),
    ...(phases === undefined ? {} : { phases: Object.keys(phases) }),
  };
}

const groupEvidence = ["control group, processes killed for memory", "control group, forks refused"];
const plainUsage = ["blocks", "maxRssBytes", "systemMs", "userMs", "wallMs"];
const phases = ["setupMs", "runMs", "teardownMs"];
const nothing = { added: 0, modified: 0, deleted: 0, "type-changed": 0, "mode-changed": 0, sizeBytes: 0 };
const unchanged = { manner: "overlay", changes: nothing };

describe.each(callers)("the outcome, called by $name", (caller) => {
  /** Root has control groups here, and their counters with every job. */
  const counters = caller.uid === 0 ? groupEvidence : [];
  const usage = caller.uid === 0 ? [...plainUsage, "tree"].sort() : plainUsage;
  // A user has no cap on memory here.
  const degraded = caller.uid === 0 ? [] : ["limit.memory"];
  const ended = {
    schema: 2,
    run: "string",
    denied: [],
    strategy: "namespaces",
    report: "string",
    accepted: [],
    kept: true,
    limits: 2,
    degraded,
    workspace: unchanged,
  };

  test("of a job that exited", async () => {
    expect(normalize(await outcomeOf(caller, ["--", "sh", "-c", "exit 42"]))).toEqual({
      ...ended,
      status: "nonzero",
      cause: ["exit", "the job exited with 42"],
      code: 42,
      exitCode: 42,
      evidence: ["launcher: ended", ...counters],
      usage,
      phases,
    });
  });

  test("of a job that a signal ended", async () => {
    expect(normalize(await outcomeOf(caller, ["--", "sh", "-c", "kill -TERM $$"]))).toEqual({
      ...ended,
      status: "signalled",
      cause: ["signal", "the job was ended by SIGTERM"],
      signal: { name: "SIGTERM", number: 15 },
      exitCode: 143,
      evidence: ["launcher: ended", ...counters],
      usage,
      phases,
    });
  });

  test("of a job that ran out of time", async () => {
    expect(normalize(await outcomeOf(caller, ["--timeout", "100ms", "--", "sleep", "1000"]))).toEqual({
      ...ended,
      limits: 3,
      status: "timeout-wall",
      cause: ["wall-time", "the job was ended after 0.1 s, its time limit"],
      signal: { name: "SIGTERM", number: 15 },
      exitCode: 124,
      evidence: ["launcher: timeout", "launcher: ended", ...counters],
      usage,
      phases,
    });
  });

  test("of a program that was not found, and of one that is none", async () => {
    expect(normalize(await outcomeOf(caller, ["--", "/nowhere"]))).toEqual({
      ...ended,
      status: "setup-failed",
      cause: ["program-not-found", "/nowhere: not found"],
      exitCode: 127,
      evidence: ["launcher: exec-failed", ...counters],
    });
    expect(normalize(await outcomeOf(caller, ["--", "/etc/passwd"]))).toEqual({
      ...ended,
      status: "setup-failed",
      cause: ["program-not-executable", "/etc/passwd: cannot be executed (EACCES)"],
      exitCode: 126,
      evidence: ["launcher: exec-failed", ...counters],
    });
  });

  test("of a job that was refused", async () => {
    expect(normalize(await outcomeOf(caller, ["--require", "net.allowlist", "--", "true"]))).toEqual({
      schema: 2,
      run: "string",
      status: "refused",
      cause: ["demands", expect.stringContaining("net.allowlist")],
      exitCode: 125,
      evidence: [],
      report: "string",
      kept: false,
      accepted: [],
      degraded: [],
      limits: 0,
    });
  });

  test("says what was given up, and which guarantees held by which mechanism", async () => {
    const outcome = await outcomeOf(caller, ["--strategy", "process", "--accept-missing", "all", "--", "true"]);
    expect(outcome).toMatchObject({ strategy: "process", exitCode: 0 });
    expect(outcome["accepted"]).toEqual(expect.arrayContaining(["fs.read", "net.none", "proc.tree"]));
    expect(outcome.guarantees.find(({ id }) => id === "proc.tree")).toMatchObject({
      kept: false,
      reason: expect.any(String),
    });
    const isolated = await outcomeOf(caller, ["--", "true"]);
    expect(isolated["accepted"]).toEqual([]);
    expect(isolated.guarantees.find(({ id }) => id === "proc.tree")).toMatchObject({
      kept: true,
      mechanism: expect.any(String),
    });
  });

  test("measures what the job used", async () => {
    const outcome = await outcomeOf(caller, [
      "--",
      "perl",
      "-e",
      "my $x = 'x' x 50_000_000; for (1 .. 2_000_000) { $n += $_ }",
    ]);
    expect(outcome.usage?.["maxRssBytes"]).toBeGreaterThan(50_000_000);
    expect(outcome.usage?.["userMs"]).toBeGreaterThan(0);
    expect(outcome.usage?.["wallMs"]).toBeGreaterThanOrEqual(outcome.usage?.["userMs"] ?? 0);
  });
});

describe.each(callers)("the result's place, called by $name", (caller) => {
  test("is refused before the job runs where it cannot be written", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.folder("folder");
    for (const path of ["missing/result.json", "folder", "/proc/result.json", ""]) {
      const ran = await cupel.run(
        caller,
        ["run", "--workspace", "rw", "--result", path, "--", "sh", "-c", "echo ran > trace"],
        {
          cwd: workspace.path,
        },
      );
      expect([path, ran.code, ran.stderr]).toEqual([
        path,
        125,
        expect.stringMatching(/^cupel: [^\n]*--result[^\n]*\n$/),
      ]);
      expect(readdirSync(workspace.path)).toEqual(["folder"]);
    }
  });

  test("may be a file that is there already, which is replaced as a whole", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("result.json", "x".repeat(100_000));
    await cupel.run(caller, ["run", "--result", path, "--", "true"]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ schema: 2, exitCode: 0 });
  });

  test("is not a pipe or a device that was there before: those are never replaced", async () => {
    using directory = makeTempDir({ owner: caller });
    const pipe = directory.at("pipe");
    await cupel.outside(caller, ["mkfifo", pipe]);
    const ran = await cupel.run(caller, ["run", "--result", pipe, "--", "true"]);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(ran).toMatchObject({ code: 125, stderr: expect.stringMatching(/^cupel: --result [^\n]*pipe[^\n]*\n$/) });
  });

  test("in a directory that the job may write to, is cupel's all the same", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.folder("out");
    const forge =
      "echo forged > out/forged; for file in out/*; do [ $file = out/forged ] || mv -f out/forged $file; done; exit 3";
    const ran = await cupel.run(
      caller,
      ["run", "--workspace", "rw", "--result", "out/result.json", "--", "sh", "-c", forge],
      {
        cwd: workspace.path,
      },
    );
    // Refusing such a place is as good as keeping it.
    if (ran.code !== 125)
      expect(JSON.parse(readFileSync(workspace.at("out/result.json"), "utf8"))).toMatchObject({ exitCode: 3 });
    const misdirect = "rm -rf out; ln -s /etc out; exit 3";
    const misled = await cupel.run(
      caller,
      ["run", "--workspace", "rw", "--result", "out/result.json", "--", "sh", "-c", misdirect],
      {
        cwd: workspace.path,
      },
    );
    expect([3, 125]).toContain(misled.code ?? -1);
    expect(misled.stderr).not.toContain("bug in cupel");
    expect(readdirSync("/etc").filter((name) => name.startsWith("result.json"))).toEqual([]);
  });
});

describe.each(rootCallers)("a device as the result's place", (root) => {
  test("stays a device", async () => {
    using directory = makeTempDir();
    const device = directory.at("null");
    await cupel.outside(root, ["mknod", "-m", "666", device, "c", "1", "3"]);
    await cupel.run(root, ["run", "--result", device, "--", "true"]);
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
  });
});
