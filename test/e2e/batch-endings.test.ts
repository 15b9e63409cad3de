/** However a batch ends, its launchers and jobs end with it, and nothing of them is left. */
import { describe, expect, test } from "bun:test";
import { endOf } from "../support/end-of.ts";
import { childrenOf, findProcesses, freshMark, isAlive, statusField } from "../support/processes.ts";
import { byLine, openBatch, parseOutcomes, runBatch, said, type OpenBatch } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { cupelControlGroups, noneBut, temporaryFiles } from "../support/traces.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

const [withShared, withOwn] = ["a root that is shared", "a root for each"];

/** A job that ends by nothing but force, with processes that it has let go of. */
function stubborn(mark: string): { command: string[] } {
  return {
    command: ["sh", "-c", `trap '' TERM INT HUP; (setsid sleep ${mark} &); setsid sleep ${mark} & sleep ${mark}`],
  };
}

const treeSize = 3;

interface Tree {
  readonly batch: OpenBatch;
  readonly marks: readonly string[];
  /** Every process below cupel. */
  readonly pids: readonly number[];
}

/** Two jobs run; behind the first, which follows quick ones, a third may wait in the launcher already. */
async function startTree(caller: Caller, flags: readonly string[], count = 2): Promise<Tree> {
  const batch = openBatch(cupel, caller, ["--parallel", String(count), ...flags]);
  const quick = Array.from({ length: 4 * count }, () => ({ command: ["true"] }));
  batch.send(...quick);
  await batch.outcomes(quick.length);
  const marks = Array.from({ length: count }, freshMark);
  batch.send(...marks.map(stubborn));
  for (const mark of marks) await until("the whole tree is seen", () => findProcesses(mark).length === treeSize);
  const jobs = (): Set<string> => new Set(groupsOf(batch.pid).map((path) => path.replace(/.*-/, "")));
  await until("the groups of the quick jobs are gone", () => jobs().size <= count);
  return { batch, marks, pids: childrenOf(batch.pid) };
}

async function gone({ marks, pids }: Pick<Tree, "marks" | "pids">): Promise<void> {
  const left = (): number[] => [
    ...marks.flatMap((mark) => findProcesses(mark).map(({ pid }) => pid)),
    ...pids.filter(isAlive),
  ];
  await until("every process of the batch is gone", () => left().length === 0, 1000);
}

/** Those of this cupel alone: others may be at work on this machine. */
function groupsOf(cupelPid: number): string[] {
  return cupelControlGroups().filter((path) => path.includes(`/cupel-${cupelPid}-`));
}

async function groupsGone(cupelPid: number): Promise<void> {
  await until("every control group of the batch is gone", () => groupsOf(cupelPid).length === 0, 1000);
}

/** The resident that lives in the root that jobs share is the first of a PID namespace, and not of a job's. */
function residentOf(cupelPid: number): number {
  const found = childrenOf(cupelPid).find((pid) => statusField(pid, "NSpid").split(/\s+/).slice(1).join() === "1");
  if (found === undefined) throw new Error("there is no resident launcher inside");
  return found;
}

describe.each(callers)("a batch, called by $name", (caller) => {
  describe.each([withShared, withOwn])("with %s", (root) => {
    const flagsIn = (path: string): string[] => ["--workspace", "none", ...(root === withOwn ? ["--read", path] : [])];

    test.each([
      ["SIGTERM", 143],
      ["SIGINT", 130],
      ["SIGHUP", 129],
    ] as const)(
      "ends at once at %s, though lines may still come, with an outcome for each job",
      async (signal, code) => {
        using directory = makeTempDir({ owner: caller });
        const tree = await startTree(caller, flagsIn(directory.path));
        await using batch = tree.batch;
        batch.send({ command: ["sleep", "60"] }, { command: ["sleep", "60"] }, { command: ["sleep", "60"] });
        process.kill(batch.pid, signal);
        const ran = await batch.ended;
        await gone(tree);
        expect([ran.code, ran.stderr]).toEqual([code, ""]);
        const last = byLine(ran.outcomes).slice(8);
        expect(last.length).toBeGreaterThanOrEqual(2);
        for (const outcome of last) expect(endOf(outcome)).toBe(`cancelled: cupel was ended by ${signal}`);
        expect(new Set(ran.outcomes.map(({ line }) => line)).size).toBe(ran.outcomes.length);
        await groupsGone(batch.pid);
      },
    );

    test("is gone one second after kill -9 of cupel, with its control groups and files", async () => {
      using directory = makeTempDir({ owner: caller });
      const files = temporaryFiles();
      const tree = await startTree(caller, flagsIn(directory.path));
      await using batch = tree.batch;
      process.kill(batch.pid, "SIGKILL");
      await gone(tree);
      expect((await batch.ended).signal).toBe("SIGKILL");
      await groupsGone(batch.pid);
      await noneBut(files, temporaryFiles);
    });

    test("loses the one job whose launcher is killed with -9, and runs those that come behind it", async () => {
      using directory = makeTempDir({ owner: caller });
      const tree = await startTree(caller, flagsIn(directory.path), 1);
      await using batch = tree.batch;
      batch.send({ command: ["echo", "waited"] }, { command: ["echo", "followed"] });
      const [launcher] = childrenOf(batch.pid);
      if (launcher === undefined) throw new Error("there is no launcher");
      process.kill(launcher, "SIGKILL");
      batch.close();
      const { code, outcomes } = await batch.ended;
      const [lost, ...rest] = byLine(outcomes).slice(4);
      expect([code, lost && endOf(lost), rest.map(said)]).toEqual([
        1,
        "setup-failed: the launcher was ended while it had the job",
        ["waited\n", "followed\n"],
      ]);
      await gone(tree);
      await groupsGone(batch.pid);
    });

    test("says that a job is lost whose first process is killed with -9, and goes on", async () => {
      using directory = makeTempDir({ owner: caller });
      const tree = await startTree(caller, flagsIn(directory.path), 1);
      await using batch = tree.batch;
      const depth = root === withShared ? 3 : 2;
      const first = tree.pids.find((pid) => {
        const numbers = statusField(pid, "NSpid").split(/\s+/);
        // Those of the jobs before may still wait to be reaped.
        return isAlive(pid) && numbers.length === depth && numbers.at(-1) === "1";
      });
      if (first === undefined) throw new Error(`none of ${tree.pids.join(" ")} is the first process`);
      process.kill(first, "SIGKILL");
      batch.send({ command: ["echo", "next"] });
      batch.close();
      const [lost, next] = byLine((await batch.ended).outcomes).slice(4);
      expect(lost && endOf(lost)).toStartWith("setup-failed: the sandbox's first process died");
      expect(said(next)).toBe("next\n");
      await gone({ ...tree, pids: [] });
    });

    test("ends quietly when nobody reads its outcomes any more", async () => {
      using directory = makeTempDir({ owner: caller });
      const mark = freshMark();
      const jobs = directory.file(
        "jobs.jsonl",
        `${'{"command":["true"]}\n'.repeat(20)}${JSON.stringify({ command: ["sleep", mark] })}\n`.repeat(3),
      );
      const flags = flagsIn(directory.path).join(" ");
      const script = `{ "$CUPEL" run --batch ${jobs} --parallel 4 ${flags} & wait $!; echo "code $? $!" >&2; } | head -n 1`;
      const { code, stdout, stderr } = await cupel.shell(caller, script);
      expect([code, parseOutcomes(stdout).length, stderr]).toEqual([0, 1, expect.stringMatching(/^code \d+ \d+\n$/)]);
      await gone({ marks: [mark], pids: [] });
      await groupsGone(Number(/^code \d+ (\d+)$/m.exec(stderr)?.[1]));
    });

    test("leaves nothing of jobs that leave much behind", async () => {
      using directory = makeTempDir({ owner: caller });
      const mark = freshMark();
      const leaver = `(setsid sleep ${mark} &); sh -c 'kill -STOP $$' ${mark} & setsid sleep ${mark} & exit 7`;
      const jobs = Array.from({ length: 20 }, () => ({ command: ["sh", "-c", leaver] }));
      const { outcomes } = await runBatch(cupel, caller, jobs, ["--parallel", "2", ...flagsIn(directory.path)]);
      expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(jobs.map(() => 7));
      expect(findProcesses(mark)).toEqual([]);
    });
  });

  test("loses the one job whose resident launcher is killed inside the root that jobs share", async () => {
    const tree = await startTree(caller, ["--workspace", "none"], 1);
    await using batch = tree.batch;
    process.kill(residentOf(batch.pid), "SIGKILL");
    await gone(tree);
    batch.send({ command: ["echo", "next"] });
    batch.close();
    const [lost, next] = byLine((await batch.ended).outcomes).slice(4);
    expect([lost?.exitCode, said(next)]).toEqual([125, "next\n"]);
  });
});
