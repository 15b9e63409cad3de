/** A resident launcher: started once, given one job after another, each in namespaces of its own. */
import { errnoName } from "../host/errno-name.ts";
import type { LauncherChild } from "../host/spawn-child.ts";
import { CupelError } from "../model/error.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { encodeGoodbye, encodeInstruction, encodeResidentJob, type ResidentJob } from "./encode-instruction.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { FrameReader, type Frame } from "./frame-reader.ts";
import { parseLaunchEvent, type LaunchEvent } from "./launch-event.ts";
import { startLauncher, type HelperPlaces } from "./start-launch.ts";

/** What became of one of many jobs. */
export interface ResidentResult {
  readonly events: readonly LaunchEvent[];
  /** As much of each output as was to be passed on. */
  readonly output: Uint8Array;
  readonly errors: Uint8Array;
  /** `waiting`: the launcher itself ended before it came to the job; `lost`: it ended while it may have had it. */
  readonly end: "finished" | "lost" | "waiting";
}

/** A resident launcher. */
export interface ResidentLauncher {
  /**
   * Gives it a job, which it starts when it is done with those before.
   * @throws CupelError `usage` for a job that cannot be said, see {@link encodeResidentJob}.
   */
  run(job: ResidentJob): Promise<ResidentResult>;
  /** Whether it takes another job. */
  readonly isAlive: boolean;
  /** Lets it end behind the jobs that it was given. Done when its process has ended. */
  close(): Promise<void>;
  /** Ends it now, and what runs in it. */
  kill(): void;
  /** Its process, for tests that kill it. */
  readonly pid: number;
}

interface Waiting {
  readonly events: LaunchEvent[];
  readonly output: Uint8Array[];
  readonly errors: Uint8Array[];
  readonly settle: (result: ResidentResult) => void;
}

function resultOf({ events, output, errors }: Waiting, end: ResidentResult["end"]): ResidentResult {
  return { events, output: Buffer.concat(output), errors: Buffer.concat(errors), end };
}

/** Of a job that no launcher was given. */
export const neverSent: ResidentResult = {
  events: [],
  output: new Uint8Array(),
  errors: new Uint8Array(),
  end: "waiting",
};

const decoder = new TextDecoder();

/** The jobs that were sent, first the one that runs. */
class Queue {
  readonly #waiting: Waiting[] = [];
  isAlive = true;

  add(): Promise<ResidentResult> {
    const { promise, resolve } = Promise.withResolvers<ResidentResult>();
    this.#waiting.push({ events: [], output: [], errors: [], settle: resolve });
    return promise;
  }

  take(frame: Frame): void {
    const current = this.#waiting[0];
    if (current === undefined) return;
    if (frame.kind !== "event") {
      current[frame.kind].push(frame.payload);
      return;
    }
    const event = parseLaunchEvent(decoder.decode(frame.payload));
    current.events.push(event);
    if (event.event !== "finished") return;
    this.#waiting.shift();
    current.settle(resultOf(current, "finished"));
  }

  end(): void {
    this.isAlive = false;
    this.#waiting.splice(0).forEach((waiting, index) => {
      waiting.settle(resultOf(waiting, index === 0 ? "lost" : "waiting"));
    });
  }
}

async function readFrames(child: LauncherChild, onFrame: (frame: Frame) => void): Promise<void> {
  const reader = new FrameReader();
  for await (const chunk of child.events) for (const frame of reader.push(chunk)) onFrame(frame);
}

function setUpError(event: Extract<LaunchEvent, { event: "failed" }>): CupelError {
  const about = event.subject === "" ? "" : ` (${event.subject})`;
  return new CupelError(
    "set-up",
    `Setting up what jobs share failed at ${event.step}${about}: ${errnoName(event.errno)}`,
  );
}

/**
 * Starts one for all jobs of `plan`'s shape: its command is not run. Undefined where something ended it before it was
 * ready.
 * @throws CupelError `set-up` where it cannot be started, or cannot build what the jobs share.
 */
export async function startResidentLauncher(
  plan: LauncherPlan,
  binding: LaunchBinding,
  places: HelperPlaces,
): Promise<ResidentLauncher | undefined> {
  const shape = encodeInstruction(plan, binding);
  const child = await startLauncher(places, [-1, -1, -1], "jobs");
  const queue = new Queue();
  const ready = Promise.withResolvers<boolean>();
  let isReady = false;
  const onFrame = (frame: Frame): void => {
    if (isReady) return queue.take(frame);
    const event = parseLaunchEvent(decoder.decode(frame.payload));
    if (event.event === "failed") return ready.reject(setUpError(event));
    isReady = true;
    ready.resolve(true);
  };
  const ended = readFrames(child, onFrame).then(() => {
    queue.end();
    ready.resolve(false);
  });
  child.send(shape);
  if (!(await ready.promise)) return undefined;
  return {
    run: (job) => {
      if (!queue.isAlive) return Promise.resolve(neverSent);
      const instruction = encodeResidentJob(job);
      const result = queue.add();
      child.send(instruction);
      return result;
    },
    get isAlive() {
      return queue.isAlive;
    },
    close: async () => {
      child.send(encodeGoodbye());
      await ended;
      await child.exited;
    },
    kill: () => child.kill(),
    pid: child.pid,
  };
}
