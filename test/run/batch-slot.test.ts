import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { ResidentJob } from "../../src/launch/encode-instruction.ts";
import { CupelError } from "../../src/model/error.ts";
import { BatchSlot, type BatchShape } from "../../src/run/batch-slot.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { placesIn, plainBinding } from "../support/launch-program.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const directory = makeTempDir();
afterAll(() => directory[Symbol.dispose]());
const places = placesIn(directory.folder("state", 0o700));

function slotOf(parts: Partial<BatchShape> = {}): BatchSlot {
  const binding = plainBinding({ resident: { sharesRoot: false, captureBytesMax: 100 } });
  return new BatchSlot({ plan: barePlan(["true"]), binding, places, jobsPerLauncher: 1000, ...parts });
}

function shell(script: string): ResidentJob {
  const environment = { PATH: "/usr/bin:/bin" };
  return { command: ["/bin/sh", "-c", script], environment, directory: "/", graceMs: 10, controlGroups: [] };
}

/** The launcher is the parent of a job's first process. */
const tellLauncher = shell('cut -d" " -f4 /proc/$PPID/stat');

async function launcherOf(slot: BatchSlot): Promise<number> {
  return Number(Buffer.from((await slot.run(tellLauncher)).output).toString());
}

async function seen(mark: string): Promise<void> {
  await until("the job runs", () => findProcesses(mark).length > 0);
}

describe("BatchSlot", () => {
  test("starts a launcher with the first job, or ahead of it", async () => {
    const slot = slotOf();
    expect(await slot.pid()).toBeUndefined();
    await slot.start();
    const pid = await slot.pid();
    expect(pid).toBeNumber();
    expect(await launcherOf(slot)).toBe(pid ?? 0);
    await slot.close();
    expect(existsSync(`/proc/${pid}`)).toBeFalse();
  });

  test("gives a launcher so many jobs and no more, however many wait", async () => {
    const slot = slotOf({ jobsPerLauncher: 3 });
    const pids = await Promise.all(Array.from({ length: 7 }, () => launcherOf(slot)));
    const counts = Map.groupBy(pids, (pid) => pid);
    expect([...counts.values()].map(({ length }) => length)).toEqual([3, 3, 1]);
    await slot.close();
    for (const pid of counts.keys()) expect(existsSync(`/proc/${pid}`)).toBeFalse();
  });

  test("loses one job with its launcher, and runs those behind it in the next", async () => {
    const [slot, mark] = [slotOf(), freshMark()];
    const running = slot.run(shell(`sleep ${mark}; true`));
    const waiting = [slot.run(tellLauncher), slot.run(tellLauncher)];
    await seen(mark);
    const pid = await slot.pid();
    process.kill(pid ?? 0, "SIGKILL");
    expect((await running).end).toBe("lost");
    const [one, other] = (await Promise.all(waiting)).map(({ output }) => Number(Buffer.from(output).toString()));
    expect(one).toBe(other ?? 0);
    expect(one).not.toBe(pid ?? 0);
    await slot.close();
  });

  test("replaces a launcher that ended between two jobs", async () => {
    const slot = slotOf();
    const first = await launcherOf(slot);
    process.kill(first, "SIGKILL");
    await until("it has ended", () => !existsSync(`/proc/${first}`));
    const result = await slot.run(tellLauncher);
    // Until its end is heard of it is given the job, which then is lost with it.
    expect(["finished", "lost"]).toContain(result.end);
    expect(await launcherOf(slot)).not.toBe(first);
    await slot.close();
  });

  test("killed, ends what runs, and starts nothing any more: not what waited, nor what comes", async () => {
    const [slot, mark] = [slotOf({ jobsPerLauncher: 1 }), freshMark()];
    const jobs = Array.from({ length: 3 }, () => slot.run(shell(`sleep ${mark}; true`)));
    await seen(mark);
    slot.kill();
    const ends = (await Promise.all([...jobs, slot.run(tellLauncher)])).map(({ end }) => end);
    expect(ends.at(-1)).toBe("waiting");
    expect(ends).not.toContain("finished");
    await slot.close();
    await until("nothing runs", () => findProcesses(mark).length === 0);
  });

  test("can be killed before it has a launcher, and while one starts", async () => {
    const [idle, starting] = [slotOf(), slotOf()];
    idle.kill();
    expect((await idle.run(tellLauncher)).end).toBe("waiting");
    const job = starting.run(shell("sleep 60"));
    starting.kill();
    expect((await job).end).not.toBe("finished");
    await Promise.all([idle.close(), starting.close()]);
  });

  test("says with each job that no launcher can be started, and tries again with the next", async () => {
    const state = directory.folder("later", 0o755);
    const shared = makeTempDir({ mode: 0o777 });
    const slot = slotOf({ places: placesIn(shared.file("not-a-directory")) });
    const failure = (): Promise<unknown> => slot.run(tellLauncher).catch((error: unknown) => error);
    for (const error of [await failure(), await failure()]) {
      expect(error).toBeInstanceOf(CupelError);
      expect(error).toMatchObject({ code: "set-up" });
    }
    slot.kill();
    await slot.close();
    shared[Symbol.dispose]();
    expect(existsSync(state)).toBeTrue();
  });
});
