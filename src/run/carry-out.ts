/** Carries out a plan: control groups, the launch, signals both ways, and the outcome. */
import type { Host } from "../host/host.ts";
import type { CallerStreams } from "../host/spawn-child.ts";
import type { LaunchEvent } from "../launch/launch-event.ts";
import { outsideIdentity, seccompArchitecture } from "../launch/launch-identity.ts";
import { startLaunch, type Launch } from "../launch/start-launch.ts";
import type { Standings } from "../model/capability.ts";
import type { LauncherPlan, Plan } from "../model/plan.ts";
import { createControlGroups, type ControlGroupEvidence } from "./control-groups.ts";
import { continueSignal, forwardedSignals, stopSignal } from "./signals.ts";

/** What carrying out needs besides the plan. */
export interface CarryOutContext {
  readonly host: Host;
  readonly matrix: Standings;
  /** Where helpers may be kept. */
  readonly stateDirectories: readonly string[];
  readonly streams: CallerStreams;
  /** Whether this process's signals are the job's: not for a trial. */
  readonly forwardSignals: boolean;
}

/** What was seen. */
export interface CarriedOut {
  readonly events: readonly LaunchEvent[];
  readonly controlGroups: ControlGroupEvidence | undefined;
}

/** How often Ctrl-C may be ignored before it ends the job all the same. */
const interruptsMax = 3;

/** As the terminal's SIGTSTP would have: that one is caught, so as to stop the job first. */
function stopSelf(): void {
  process.kill(process.pid, "SIGSTOP");
}

function stopWhenSuspended({ event }: LaunchEvent): void {
  if (event === "suspended") stopSelf();
}

/** Passes signals on until the returned function is called. */
function forwardSignals(launch: Launch, terminal: LauncherPlan["terminal"]): () => void {
  let interrupts = 0;
  const listeners: [NodeJS.Signals, () => void][] = Object.entries(forwardedSignals).map(([name, number]) => [
    name as NodeJS.Signals,
    () => {
      interrupts += name === "SIGINT" ? 1 : 0;
      if (interrupts >= interruptsMax) launch.kill();
      else launch.signal(number);
    },
  ]);
  listeners.push(
    ["SIGCONT", () => launch.signal(continueSignal)],
    [
      "SIGTSTP",
      () => {
        launch.signal(stopSignal);
        // A launcher that relays a terminal puts the caller's back first, and says so.
        if (terminal === "none") stopSelf();
      },
    ],
  );
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

function jobName(): string {
  return `cupel-${process.pid}-${Math.floor(Math.random() * 0x1_0000_0000).toString(16)}`;
}

/**
 * Runs the plan to its end.
 * @throws CupelError `set-up` where the launcher or a control group cannot be made.
 */
export async function carryOut({ launch: plan }: Plan, context: CarryOutContext): Promise<CarriedOut> {
  const { host, stateDirectories } = context;
  const hasLimits = Object.values(plan.controlGroup).some((value) => value !== undefined);
  const groups = hasLimits ? createControlGroups(plan.controlGroup, context.matrix, jobName()) : undefined;
  try {
    const binding = {
      outside: outsideIdentity(plan, host),
      controlGroups: groups?.directories ?? [],
      rehearsal: false,
      architecture: seccompArchitecture(host.architecture),
    };
    const places = { directories: stateDirectories, uid: host.identity.uid };
    // To follow events as they come takes a stream, and only a terminal has some that cannot wait.
    const onEvent = plan.terminal !== "none" && context.forwardSignals ? stopWhenSuspended : undefined;
    const launch = await startLaunch(plan, binding, places, context.streams, onEvent);
    const stopForwarding = context.forwardSignals ? forwardSignals(launch, plan.terminal) : undefined;
    const events = await launch.ended;
    stopForwarding?.();
    return { events, controlGroups: groups?.read() };
  } finally {
    groups?.remove();
  }
}
