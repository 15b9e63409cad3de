/** One of the places of a batch: a resident launcher that is replaced when it ends, and now and then before. */
import { startResidentLauncher, type ResidentLauncher, type ResidentResult } from "../launch/resident-launcher.ts";
import type { LaunchBinding, ResidentJob } from "../launch/encode-instruction.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import type { LauncherPlan } from "../model/plan.ts";

/** What every launcher of a batch is started with. */
export interface BatchShape {
  readonly plan: LauncherPlan;
  readonly binding: LaunchBinding;
  readonly places: HelperPlaces;
  /** After so many jobs a launcher makes room for a new one, whatever may have gathered in it. */
  readonly jobsPerLauncher: number;
}

/** A place for jobs. They run one after another. */
export class BatchSlot {
  readonly #shape: BatchShape;
  #launcher: Promise<ResidentLauncher> | undefined;
  #jobsLeft = 0;
  readonly #retired: Promise<void>[] = [];

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
   * Runs a job. One that a launcher ended before it came to it goes to the next launcher.
   * @throws CupelError `set-up` where no launcher can be started, `usage` for a job that cannot be said.
   */
  async run(job: ResidentJob): Promise<ResidentResult> {
    for (;;) {
      const result = await (await this.#current()).run(job);
      if (result.end !== "waiting") return result;
    }
  }

  async #current(): Promise<ResidentLauncher> {
    for (;;) {
      const starting = (this.#launcher ??= this.#start());
      const launcher = await starting;
      // Another job may have found it ended, and have replaced it, while this one waited.
      if (starting !== this.#launcher) continue;
      if (launcher.isAlive && this.#jobsLeft > 0) {
        this.#jobsLeft -= 1;
        return launcher;
      }
      this.#retire(launcher);
    }
  }

  async #start(): Promise<ResidentLauncher> {
    const { plan, binding, places, jobsPerLauncher } = this.#shape;
    this.#jobsLeft = jobsPerLauncher;
    try {
      return await startResidentLauncher(plan, binding, places);
    } catch (error) {
      // The next job tries again.
      this.#launcher = undefined;
      throw error;
    }
  }

  #retire(launcher: ResidentLauncher): void {
    this.#launcher = undefined;
    this.#retired.push(launcher.close());
  }

  /** Lets every launcher end behind its jobs. */
  async close(): Promise<void> {
    const launcher = await this.#launcher;
    if (launcher !== undefined) this.#retire(launcher);
    await Promise.all(this.#retired);
  }

  /** Ends it now, with what runs in it. */
  async kill(): Promise<void> {
    (await this.#launcher)?.kill();
  }
}
