/** `cupel clean`: removes what cupel keeps for this user. */
import { tmpdir } from "node:os";
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Removal } from "../model/removal.ts";
import { renderRemovals } from "../report/render-removals.ts";
import { cleanControlGroups } from "../run/clean-control-groups.ts";
import { locateInstallation } from "../run/installation.ts";
import { cleanCompanions } from "../run/place-companions.ts";
import { cleanStaging } from "../run/staging.ts";
import { cleanState, cleanTemporary } from "../run/clean-state.ts";
import { parseMountPoints } from "../host/mount-points.ts";
import type { RemovalContext } from "../run/removal.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { abandonedVerifications, cleanVerifications, verificationPlaces } from "../run/verification-files.ts";
import { say, writeOutput } from "./terminal.ts";

const couldNotRemove = 70;

function cleanAll(host: Host, context: RemovalContext): Removal[] {
  const { uid } = host.identity;
  const installation = locateInstallation(process.execPath);
  return [
    ...cleanState(stateDirectories(host), uid, context),
    ...cleanTemporary(tmpdir(), uid, context),
    ...cleanVerifications(verificationPlaces(host.environment["HOME"]), uid, context),
    ...cleanControlGroups(uid, context),
    ...cleanStaging(installation.directory, uid, context),
    ...cleanCompanions(installation, uid, context),
  ];
}

/** What lies in no directory; the program that can take it away lies in one that is about to be removed. */
async function cleanResidue({ identity, environment }: Host): Promise<void> {
  const places = verificationPlaces(environment["HOME"]);
  if (abandonedVerifications(places, identity.uid).length === 0) return;
  const { removeResidue } = await import("../verify/residue.ts");
  removeResidue(places, identity.uid);
}

/** What a daemon keeps; gives the directories of what it did not take away, if there is anybody to ask. */
async function cleanContainers(host: Host): Promise<readonly string[]> {
  const [docker] = host.findPrograms("docker");
  if (docker === undefined) return [];
  const { removeLeftContainers } = await import("../run/left-containers.ts");
  return removeLeftContainers(host, docker, stateDirectories(host));
}

/** Cleans, or with `--dry-run` says what it would; gives the exit code. */
export async function clean({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const mountinfo = host.readText("/proc/self/mountinfo");
  const context = {
    dryRun: flags.has("dry-run"),
    mountPoints: mountinfo.ok ? parseMountPoints(mountinfo.value) : [],
  };
  const isToClean = host.platform === "linux" && !context.dryRun;
  if (isToClean) await cleanResidue(host);
  const dockers = isToClean ? await cleanContainers(host) : [];
  const removals = host.platform === "linux" ? cleanAll(host, { ...context, dockers }) : [];
  writeOutput(renderRemovals(removals, context.dryRun));
  const failures = removals.flatMap((removal) => (removal.result === "failed" ? [removal] : []));
  for (const { path, reason } of failures) say(`${JSON.stringify(path)} could not be removed (${reason})`);
  return failures.length === 0 ? 0 : couldNotRemove;
}
