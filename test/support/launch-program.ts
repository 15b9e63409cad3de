/** Runs a plan through the real launcher, with files as the job's streams. */
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import type { LaunchBinding } from "../../src/launch/launch-binding.ts";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import { seccompArchitecture } from "../../src/launch/launch-identity.ts";
import { startLaunch, type HelperPlaces, type Launch } from "../../src/launch/start-launch.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { makeTempDir } from "./temp-dir.ts";

/** What a launch gave. */
export interface Launched {
  /** All but the counts of outputs. */
  readonly events: readonly LaunchEvent[];
  /** What each output carried, of those that were relayed and not empty. */
  readonly outputs: readonly LaunchEvent[];
  readonly stdout: string;
  readonly stderr: string;
}

/** What differs from a plain launch. */
export interface LaunchOptions {
  readonly binding?: Partial<LaunchBinding>;
  readonly stdin?: string;
  /** Called with the launch once its event of this kind has come. */
  readonly on?: { readonly event: LaunchEvent["event"]; readonly act: (launch: Launch) => void };
}

const { identity, architecture } = createRealHost();

/** The caller's own ids, no control groups, a real job. */
export function plainBinding(parts: Partial<LaunchBinding> = {}): LaunchBinding {
  return {
    outside: { uid: identity.uid, gid: identity.gid },
    controlGroups: [],
    rehearsal: false,
    architecture: seccompArchitecture(architecture),
    ...parts,
  };
}

/** One private directory, where helpers are kept. */
export function placesIn(...directories: readonly string[]): HelperPlaces {
  return { directories, uid: identity.uid };
}

/** What a plan that confines has for its own. */
function confinedHome(directory: ReturnType<typeof makeTempDir>): string {
  const path = directory.folder("own", 0o700);
  for (const name of ["home", "tmp", "workspace"]) mkdirSync(`${path}/${name}`);
  return path;
}

/** Runs it to its end. */
export async function launchProgram(plan: LauncherPlan, options: LaunchOptions = {}): Promise<Launched> {
  using directory = makeTempDir();
  const places = placesIn(directory.folder("state", 0o700));
  const input = openSync(directory.file("stdin", options.stdin ?? ""), "r");
  const output = openSync(directory.at("stdout"), "w");
  const errors = openSync(directory.at("stderr"), "w");
  try {
    const reached = Promise.withResolvers<void>();
    const own = plan.confinement === undefined ? {} : { scratch: confinedHome(directory) };
    const launch = await startLaunch(
      plan,
      plainBinding({ ...own, ...options.binding }),
      places,
      [input, output, errors],
      (event) => {
        if (event.event === options.on?.event) reached.resolve();
      },
    );
    void reached.promise.then(() => options.on?.act(launch));
    const events = await launch.ended;
    return {
      events: events.filter(({ event }) => event !== "output"),
      outputs: events.filter(({ event }) => event === "output"),
      stdout: readFileSync(directory.at("stdout"), "utf8"),
      stderr: readFileSync(directory.at("stderr"), "utf8"),
    };
  } finally {
    for (const descriptor of [input, output, errors]) closeSync(descriptor);
  }
}
