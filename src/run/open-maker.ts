/** The program that makes a sandbox in the launcher's place: its call, and what has to be there for it. */
import { CupelError } from "../model/error.ts";
import type { LaunchBinding } from "../launch/launch-binding.ts";
import { isMadeBy, type MadePlan, type MakerCall } from "../launch/maker-call.ts";

/** A call that can be made. */
export interface OpenMaker {
  readonly call: MakerCall;
  /** Takes away what was made for it. */
  readonly close: () => void;
}

type Binding = Pick<LaunchBinding, "outside" | "layer" | "given">;

/**
 * Makes what it needs.
 * @throws CupelError `set-up` where the plan asks for what the program cannot do, or there is no place for its files.
 */
export async function openMaker(
  plan: MadePlan,
  binding: Binding,
  stateDirectories: readonly string[],
  uid: number,
): Promise<OpenMaker> {
  if (isMadeBy(plan, "podman")) return openPodman(plan, binding, stateDirectories, uid);
  const [{ callBubblewrap }, { lookUpHere }] = await Promise.all([
    import("../launch/bubblewrap-call.ts"),
    import("../launch/look-up.ts"),
  ]);
  return { call: callBubblewrap(plan, lookUpHere, binding), close: () => undefined };
}

async function openPodman(
  plan: MadePlan<"podman">,
  binding: Binding,
  stateDirectories: readonly string[],
  uid: number,
): Promise<OpenMaker> {
  const [{ callPodman }, { pathsHere }, { openScratch, closeScratch }, { fillEnginePlace }] = await Promise.all([
    import("../launch/podman-call.ts"),
    import("../launch/host-paths.ts"),
    import("./open-scratch.ts"),
    import("./engine-place.ts"),
  ]);
  const paths = pathsHere();
  const openIn = (directory: string): OpenMaker => {
    const place = openScratch(undefined, [directory], uid);
    const close = (): void => closeScratch(place);
    try {
      const call = callPodman(plan, paths, { ...binding, place });
      fillEnginePlace(place, call.contents);
      return { call, close };
    } catch (error) {
      close();
      throw error;
    }
  };
  // What cannot be done is so in any place: nothing is made for it in others.
  callPodman(plan, paths, { ...binding, place: "/" });
  return firstOf(stateDirectories, openIn);
}

/** Of the directories the first that has room; what was wrong with the first of all where none has. */
function firstOf(directories: readonly string[], openIn: (directory: string) => OpenMaker): OpenMaker {
  let first = new CupelError("set-up", "There is no place for the engine's own files");
  for (const directory of directories) {
    try {
      return openIn(directory);
    } catch (error) {
      if (!(error instanceof CupelError)) throw error;
      if (directory === directories[0]) first = error;
    }
  }
  throw first;
}
