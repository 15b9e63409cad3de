/** One of the places of a batch: a resident launcher that is replaced when it ends, and now and then before. */
import {
  neverSent,
  startResidentLauncher,
  type ResidentLauncher,
  type ResidentResult,
} from "../launch/resident-launcher.ts";
import type { ResidentJob } from "../launch/encode-instruction.ts";
import type { LaunchBinding } from "../launch/launch-binding.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import type { LauncherPlan } from "../model/plan.ts";

/** What every launcher of a batch is started with. */
export interface BatchShape {
  readonly plan: LauncherPlan;
  readonly binding: LaunchBinding;
  readonly places: HelperPlaces;
  /** After so many jobs a launcher makes room for a new one, whatever may have gathered in it. */
  readonly jobsPerLauncher: number;
}

/** One that something killed is started again; one that dies of itself would die for ever. */
const startsMax = 3;

/** Most plans confine nothing, and load none of what that takes. */
async function startFor(
  plan: LauncherPlan,
  binding: LaunchBinding,
  places: HelperPlaces,
): Promise<ResidentLauncher | undefined> {
  if (plan.confinement === undefined) return startResidentLauncher(plan, binding, places);
  const { startConfinedLauncher } = await import("./confined-launcher.ts");
  return startConfinedLauncher(plan, plan.confinement, binding, places);
}

/** A place for jobs. They run one after another. */
export class BatchSlot {
  readonly #shape: BatchShape;
  #launcher: Promise<ResidentLauncher> | undefined;
  #jobsLeft = 0;
  #isKilled = false;
  /** Those that take no more jobs, until their processes have ended. */
  readonly #retired = new Map<ResidentLauncher, Promise<void>>();

  constructor(shape: BatchShape) {
    this.#shape = shape;
  }

  /** Starts a launcher ahead of the first job. @throws CupelError `set-up`. */
  async start(): Promise<void> {
    await (this.#launcher ??= this.#start());
  }

  /** Process of the launcher, for those who want to kill it; undefined before the first job. */
  async pid(): Promise<number | undefined> {
    return (await this.#launcher)?.pid;
  }

  /**
   * Runs a job. One that a launcher ended before it came to it goes to the next launcher, and comes back as `waiting`
   * where there will be none.
   * @throws CupelError `set-up` where no launcher can be started, `usage` for a job that cannot be said.
   */
  async run(job: ResidentJob): Promise<ResidentResult> {
    while (!this.#isKilled) {
      const starting = (this.#launcher ??= this.#start());
      const launcher = await starting;
      // Another job may have found it ended, and have replaced it, while this one waited.
      if (starting !== this.#launcher) continue;
      if (!launcher.isAlive || this.#jobsLeft === 0) {
        this.#retire(launcher);
        continue;
      }
      this.#jobsLeft -= 1;
      // Without a pause since it was chosen: behind its goodbye, a job would be lost.
      const result = await launcher.run(job);
      if (result.end !== "waiting") return result;
    }
    return neverSent;
  }

  async #start(): Promise<ResidentLauncher> {
    const { plan, binding, places, jobsPerLauncher } = this.#shape;
    this.#jobsLeft = jobsPerLauncher;
    try {
      for (let tries = 0; tries < startsMax; tries++) {
        const launcher = await startFor(plan, binding, places);
        if (launcher !== undefined) return launcher;
      }
      throw new CupelError("set-up", "The resident launcher ended before it was ready, time and again");
    } catch (error) {
      // The next job tries again.
      this.#launcher = undefined;
      throw error;
    }
  }

  #retire(launcher: ResidentLauncher): void {
    this.#launcher = undefined;
    this.#retired.set(
      launcher,
      launcher.close().then(() => void this.#retired.delete(launcher)),
    );
  }

  /** Lets every launcher end behind its jobs. */
  async close(): Promise<void> {
    const launcher = await this.#launcher;
    if (launcher !== undefined) this.#retire(launcher);
    await Promise.all(this.#retired.values());
  }

  /** Ends every launcher now, with what runs in it; there will be no other. */
  kill(): void {
    this.#isKilled = true;
    for (const launcher of this.#retired.keys()) launcher.kill();
    // One that cannot be started is told to the job that wanted it.
    this.#launcher?.then(
      (launcher) => launcher.kill(),
      () => undefined,
    );
  }
}
