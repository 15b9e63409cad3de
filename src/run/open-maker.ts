/** The program that makes a sandbox in the launcher's place: its call, and what has to be there for it. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { LaunchBinding } from "../launch/launch-binding.ts";
import { isMadeBy, type MadePlan, type MakerCall } from "../launch/maker-call.ts";
import { removeDirectory } from "./control-groups.ts";

/** A call that can be made. */
export interface OpenMaker {
  readonly call: MakerCall;
  /** Takes away what was made for it. */
  readonly close: () => void;
}

type Binding = Pick<LaunchBinding, "outside" | "layer" | "given">;

/** Where something is made for it, and by whom it is called; a program is run to take away what others have left. */
export interface MakerSurroundings {
  readonly stateDirectories: readonly string[];
  readonly host: Pick<Host, "identity" | "environment" | "run">;
}

/**
 * Makes what it needs.
 * @throws CupelError `set-up` where the plan asks for what the program cannot do, or there is no place for its files.
 */
export async function openMaker(plan: MadePlan, binding: Binding, surroundings: MakerSurroundings): Promise<OpenMaker> {
  if (isMadeBy(plan, "podman")) return openPodman(plan, binding, surroundings);
  if (isMadeBy(plan, "docker")) return openDocker(plan, binding, surroundings);
  if (isMadeBy(plan, "systemd-run")) return openUnit(plan, binding, surroundings);
  const [{ callBubblewrap }, { lookUpHere }] = await Promise.all([
    import("../launch/bubblewrap-call.ts"),
    import("../launch/look-up.ts"),
  ]);
  return { call: callBubblewrap(plan, lookUpHere, binding), close: () => undefined };
}

async function openPodman(
  plan: MadePlan<"podman">,
  binding: Binding,
  surroundings: MakerSurroundings,
): Promise<OpenMaker> {
  const [{ callPodman }, { pathsHere }, { fillEnginePlace }] = await Promise.all([
    import("../launch/podman-call.ts"),
    import("../launch/host-paths.ts"),
    import("./engine-place.ts"),
  ]);
  const paths = pathsHere();
  // What cannot be done is so in any place: nothing is made for it in others.
  callPodman(plan, paths, { ...binding, place: "/" });
  return openInFirst(surroundings, (place) => {
    const call = callPodman(plan, paths, { ...binding, place });
    fillEnginePlace(place, call.contents);
    return call;
  });
}

async function openDocker(
  plan: MadePlan<"docker">,
  binding: Binding,
  surroundings: MakerSurroundings,
): Promise<OpenMaker> {
  const [
    { callDocker },
    { archiveImage },
    { dockerEnvironment },
    { pathsHere },
    { fillEnginePlace },
    { originalHelper },
    { removeLeftContainers },
  ] = await Promise.all([
    import("../launch/docker-call.ts"),
    import("../launch/image-archive.ts"),
    import("../launch/docker-environment.ts"),
    import("../launch/host-paths.ts"),
    import("./engine-place.ts"),
    import("../launch/helper-file.ts"),
    import("./left-containers.ts"),
  ]);
  const { stateDirectories, host } = surroundings;
  await removeLeftContainers(host, plan.maker.path, stateDirectories);
  const own = { environment: dockerEnvironment(host.environment), program: originalHelper("launcher").bytes };
  const paths = pathsHere();
  const { image } = callDocker(plan, paths, { ...binding, ...own, place: "/" });
  // None of it depends on the place.
  const archive = await archiveImage(image);
  return openInFirst(surroundings, (place) => {
    const call = callDocker(plan, paths, { ...binding, ...own, place });
    const files = { ...call.contents.files, "image.tar": archive };
    fillEnginePlace(place, { ...call.contents, files, root: [] });
    return call;
  });
}

async function openUnit(
  plan: MadePlan<"systemd-run">,
  binding: Binding,
  surroundings: MakerSurroundings,
): Promise<OpenMaker> {
  const [
    { callSystemd },
    { systemdEnvironment },
    { pathsHere },
    { fillEnginePlace },
    { originalHelper },
    { unitGroup },
  ] = await Promise.all([
    import("../launch/systemd-call.ts"),
    import("../launch/systemd-environment.ts"),
    import("../launch/host-paths.ts"),
    import("./engine-place.ts"),
    import("../launch/helper-file.ts"),
    import("./unit-group.ts"),
  ]);
  const { uid } = surroundings.host.identity;
  const environment = systemdEnvironment(plan.maker.manager, { uid, environment: surroundings.host.environment });
  const own = { environment, program: originalHelper("launcher").bytes };
  const paths = pathsHere();
  callSystemd(plan, paths, { ...binding, ...own, place: "/" });
  let group: string | undefined;
  const { call, close } = await openInFirst(surroundings, (place) => {
    const made = callSystemd(plan, paths, { ...binding, ...own, place });
    fillEnginePlace(place, made.contents);
    group = unitGroup(plan.maker.manager, uid, made.unit);
    return made;
  });
  return {
    call,
    close: () => {
      close();
      if (group !== undefined) removeDirectory(group);
    },
  };
}

/** In the first state directory that has room; what was wrong with the first of all where none has. */
async function openInFirst(
  { stateDirectories, host }: MakerSurroundings,
  fill: (place: string) => MakerCall,
): Promise<OpenMaker> {
  const { openScratch, closeScratch } = await import("./open-scratch.ts");
  return firstOf(stateDirectories, (directory) => {
    const place = openScratch(undefined, [directory], host.identity.uid);
    const close = (): void => closeScratch(place);
    try {
      return { call: fill(place), close };
    } catch (error) {
      close();
      throw error;
    }
  });
}

/** What the first of the directories gives; the first's failure where all fail. */
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
