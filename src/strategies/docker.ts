/** A container by Docker, by whoever may speak to its daemon: with cupel's launcher as its first process. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import { laysNoOverlay, madeElsewhere, ownRootInside, textOf, writableSecrets } from "./_made-elsewhere.ts";
import { takesFreshIdentity } from "./_own-root.ts";
import { noControlGroups, noEnginesLayers, wholeSandbox, type StandIns } from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";

/** The launcher makes it inside, as the job's user. */
const userNamespace: readonly CapabilityId[] = ["userns.create", "userns.capable"];

/** Where one of the caller's own listens, which is in a user namespace. */
function rootlessDaemonOf(matrix: Standings): string | undefined {
  const found = textOf(matrix, "docker.engine", "");
  return found.startsWith("/") ? found : undefined;
}

/** Root's keeper and, in a user namespace, the launcher set it. */
function hasNodev(matrix: Standings): boolean {
  return takesFreshIdentity(matrix) || rootlessDaemonOf(matrix) !== undefined;
}

const daemonsGroups = noControlGroups("only root moves what a daemon has started out of the daemon's control groups");

function standInsOf(matrix: Standings): StandIns {
  return {
    program: "docker.run",
    made: wholeSandbox.filter((id) => !userNamespace.includes(id)),
    lacking: [noEnginesLayers, ...(takesFreshIdentity(matrix) ? [] : [daemonsGroups])],
  };
}

function devicesIn(matrix: Standings): string {
  const others = hasNodev(matrix) ? "nodev on everything else" : "the runtime's own rule on which can be opened";
  return `the runtime's /dev, with six harmless devices; ${others}`;
}

/** Strategy `docker`. */
export default defineStrategy({
  id: "docker",
  rank: 31,
  isolation: "namespace",
  summary: `a container by Docker, ${ownRootInside}`,
  explanation: `The sandbox of namespaces as a container: Docker's daemon (20.10 or later, on this machine, root's or rootless) has it made from an image that cupel writes for each job, with cupel's launcher as its first process. The image goes with the job. ${laysNoOverlay}`,
  requires: (matrix): CapabilityId[] => [
    "program.docker",
    "docker.engine",
    "docker.run",
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(takesFreshIdentity(matrix) ? (["privilege.drop-identity"] as const) : userNamespace),
    ...(hasNodev(matrix) ? (["mount.setattr"] as const) : []),
  ],
  ...madeElsewhere({
    title: "Docker",
    standIns: standInsOf,
    maker: (matrix) => ({
      program: "docker",
      path: textOf(matrix, "program.docker", "/usr/bin/docker"),
      runtime: textOf(matrix, "docker.run", "") || undefined,
      rootlessDaemon: rootlessDaemonOf(matrix),
    }),
    words: { "priv.devices": (_, matrix) => devicesIn(matrix), "secret.private": writableSecrets },
  }),
});
