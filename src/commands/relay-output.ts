/** What a job writes comes to cupel first, where it is to be masked or kept, and then goes where it would have gone. */
import { openSync } from "node:fs";
import { isatty } from "node:tty";
import type { Launch } from "../launch/start-launch.ts";
import type { Job } from "../model/job.ts";
import type { CarryOutContext } from "../run/carry-out.ts";
import type { OutputCopy } from "../run/keep-output.ts";
import { passMasked } from "../run/secrets/mask-output.ts";
import type { SecretForm } from "../run/secrets/secret-forms.ts";
import { say } from "./terminal.ts";

/** Descriptors of the caller's; -1 is none. */
type Streams = readonly [number, number, number];

/** What becomes of it on its way. */
export interface Relay {
  readonly terminal: Job["terminal"];
  /** What is taken out of what is passed on. */
  readonly forms: readonly SecretForm[];
  /** Where a copy is kept. */
  readonly keeper?: { copyOf(index: number): OutputCopy } | undefined;
}

/** The terminal that a job's own is relayed to, to be written to. */
function openTerminal(): number {
  return [1, 2].find((descriptor) => isatty(descriptor)) ?? openSync("/dev/tty", "w");
}

/** Where what comes out of each of a launch's outputs goes. */
type Targets = readonly (number | undefined)[];

/** Behind standard output and error. */
const terminalIndex = 2;

type Passed = Pick<Launch, "outputs" | "shown">;

async function passOn(launch: Passed, targets: Targets, { forms, keeper }: Relay): Promise<void> {
  const passing = launch.outputs.map(async (stream, index) => {
    const target = targets[index];
    if (stream === undefined || target === undefined) return undefined;
    const failure = await passMasked(stream, target, forms, keeper?.copyOf(index));
    if (index === terminalIndex) launch.shown();
    return failure;
  });
  const failed = (await Promise.all(passing)).find((errno) => errno !== undefined && errno !== "EPIPE");
  if (failed !== undefined) say(`the job's output could not be written to its end (${failed})`);
}

/** What carrying a job out needs for that. */
export function relayOutput([input, ...targets]: Streams, relay: Relay): Pick<CarryOutContext, "passOn" | "streams"> {
  const isPrivate = relay.terminal === "private";
  // Of a job with a terminal of its own what is one of the caller's is to be one of the job's.
  const isLeft = (target: number): boolean => (target < 0 ? relay.keeper === undefined : isPrivate && isatty(target));
  const [output, errors] = targets.map((target) => (isLeft(target) ? target : "pipe"));
  const streams = [input, output ?? -1, errors ?? -1] as const;
  const all = isPrivate ? [...targets, openTerminal()] : targets;
  return {
    streams: isPrivate ? [...streams, "pipe"] : streams,
    passOn: (launch) => passOn(launch, all, relay),
  };
}
