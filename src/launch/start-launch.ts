/** Starts the launcher on a plan and follows it to its end. */
import { spawnLauncher, type CallerStreams, type LauncherChild, type LauncherUse } from "../host/spawn-child.ts";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { encodeInstruction } from "./encode-instruction.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { openHelperFiles } from "./helper-file.ts";
import { parseLaunchEvent, type LaunchEvent } from "./launch-event.ts";
import { controlKill, controlProceed, controlShown } from "./protocol.ts";

/** A launch under way. */
export interface Launch {
  /** Passes a signal (1 to 64) on to the job's process group. */
  signal(number: number): void;
  /** Lets the job start whose set-up command has ended. */
  proceed(): void;
  /** The caller's terminal has taken all; until then it is left raw. */
  shown(): void;
  /** Ends the job now. */
  kill(): void;
  /** Standard output and error, where they come to us. */
  readonly outputs: LauncherChild["outputs"];
  /** All events, once the launcher has ended. */
  readonly ended: Promise<readonly LaunchEvent[]>;
}

/** Where helpers may be kept, and by whom. */
export interface HelperPlaces {
  readonly directories: readonly string[];
  readonly uid: number;
}

/** Who watches a launch, and what it tells. */
export interface Watching {
  /** See `findTracer`. */
  readonly tracer: readonly string[];
  readonly onTrace: (chunk: Uint8Array) => void;
}

/**
 * Starts the launcher from the first place that lets it be executed: one may be mounted noexec.
 * @throws CupelError `set-up` where there is none.
 */
export async function startLauncher(
  places: HelperPlaces,
  streams: CallerStreams,
  use: LauncherUse = "job",
  tracer: readonly string[] = [],
): Promise<LauncherChild> {
  const reasons: string[] = [];
  const files = openHelperFiles("launcher", places.directories, places.uid);
  for (let next = files.next(); ; next = files.next()) {
    if (next.done === true) {
      throw new CupelError("set-up", `No place to run the launcher from: ${[...next.value, ...reasons].join("; ")}`, {
        hint: "Set XDG_STATE_HOME to a directory of yours on a file system that is not mounted noexec.",
      });
    }
    const file = next.value;
    try {
      const child = await spawnLauncher(file.path, streams, use, tracer);
      // A tracer executes it at its own time.
      if (tracer.length > 0) void child.exited.then(() => file.close());
      else file.close();
      return child;
    } catch (error) {
      reasons.push(`${file.storedAt}: ${errnoOf(error)}`);
      file.close();
    }
  }
}

/** Whole lines only: a launcher that was killed may have been in the middle of one. */
async function readEvents(child: LauncherChild): Promise<LaunchEvent[]> {
  const text = new TextDecoder().decode(await child.readEvents());
  const events = text.split("\n").slice(0, -1).map(parseLaunchEvent);
  await child.exited;
  return events;
}

async function followEvents(child: LauncherChild, onEvent: (event: LaunchEvent) => void): Promise<LaunchEvent[]> {
  const events: LaunchEvent[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.events) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseLaunchEvent(line);
      events.push(event);
      onEvent(event);
    }
  }
  await child.exited;
  return events;
}

async function followTrace({ trace }: LauncherChild, watching: Watching | undefined): Promise<void> {
  if (trace === undefined || watching === undefined) return;
  for await (const chunk of trace) watching.onTrace(chunk);
}

/**
 * Starts a plan. The job runs with `streams` as its standard streams, relayed by the launcher where they are not pipes.
 * `onEvent` is told each event as it comes; without it they are read at the end.
 * @throws CupelError `set-up` where the launcher cannot be started, `usage` where the plan cannot be said.
 */
export async function startLaunch(
  plan: LauncherPlan,
  binding: LaunchBinding,
  places: HelperPlaces,
  streams: CallerStreams,
  onEvent?: (event: LaunchEvent) => void,
  watching?: Watching,
): Promise<Launch> {
  const instruction = encodeInstruction(plan, binding);
  const child = await startLauncher(places, streams, "job", watching?.tracer);
  child.send(instruction);
  const followed = followTrace(child, watching);
  const tell = (byte: number): void => child.send(Uint8Array.of(byte));
  const events = onEvent === undefined ? readEvents(child) : followEvents(child, onEvent);
  return {
    signal: tell,
    proceed: () => tell(controlProceed),
    shown: () => tell(controlShown),
    kill: () => tell(controlKill),
    outputs: child.outputs,
    ended: watching === undefined ? events : followed.then(() => events),
  };
}
