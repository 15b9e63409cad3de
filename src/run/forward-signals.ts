/** Signals of cupel's own that are meant for its job, and the job's stop, which is meant for cupel as well. */
import type { LaunchEvent } from "../launch/launch-event.ts";
import type { Launch } from "../launch/start-launch.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { continueSignal, forwardedSignals, stopSignal } from "./signals.ts";

/** How often Ctrl-C may be ignored before it ends the job all the same. */
const interruptsMax = 3;

/** As the terminal's SIGTSTP would have: that one is caught, so as to stop the job first. */
function stopSelf(): void {
  process.kill(process.pid, "SIGSTOP");
}

/** The job was stopped: so is cupel, that whoever started it sees it. */
export function stopWhenSuspended({ event }: LaunchEvent): void {
  if (event === "suspended") stopSelf();
}

/** Those that a caller ends a job with. */
const endingSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"];

/**
 * Passes signals on until the returned function is called, which gives the last that asked for an end. What comes while the
 * launch is still being made is passed on when it is: the job may have begun by then.
 */
export function forwardSignals(
  launching: Promise<Launch>,
  terminal: LauncherPlan["terminal"],
): () => string | undefined {
  let interrupts = 0;
  let asked: string | undefined;
  const tell = (act: (launch: Launch) => void): void => void launching.then(act);
  const listeners: [NodeJS.Signals, () => void][] = Object.entries(forwardedSignals).map(([name, number]) => [
    name as NodeJS.Signals,
    () => {
      if (endingSignals.includes(name)) asked = name;
      interrupts += name === "SIGINT" ? 1 : 0;
      if (interrupts >= interruptsMax) tell((launch) => launch.kill());
      else tell((launch) => launch.signal(number));
    },
  ]);
  listeners.push(
    ["SIGCONT", () => tell((launch) => launch.signal(continueSignal))],
    [
      "SIGTSTP",
      () =>
        tell((launch) => {
          launch.signal(stopSignal);
          // A launcher that relays a terminal puts the caller's back first, and says so.
          if (terminal === "none") stopSelf();
        }),
    ],
  );
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
    return asked;
  };
}
