/** A container by Docker, by whoever may speak to its daemon: with cupel's launcher as its first process. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import { madeElsewhere, textOf, writableSecrets } from "./_made-elsewhere.ts";
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

function isRootless(matrix: Standings): boolean {
  return rootlessDaemonOf(matrix) !== undefined;
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
  const others =
    takesFreshIdentity(matrix) || isRootless(matrix)
      ? "nodev on everything else"
      : "the runtime's own rule on which devices can be opened";
  return `the runtime's /dev, with six harmless devices; ${others}`;
}

/** It has ids of nobody's, which root's jobs take, only where its user namespace has them. */
const rootlessReason = "a Docker without root's rights is the caller's own, and root's jobs have ids of nobody's";

/** Strategy `docker`. */
export default defineStrategy({
  id: "docker",
  rank: 31,
  isolation: "namespace",
  summary: "a container by Docker, with a root of the job's own; seccomp through cupel's launcher inside",
  explanation:
    "The sandbox of namespaces as a container: Docker's daemon (20.10 or later, on this machine, root's or rootless) has it made from an image that cupel writes for each job, with cupel's launcher as its first process, which makes the user namespace. The image goes with the job. Overlays it lays none, so that the workspace is read-only unless told otherwise.",
  requires: (matrix): CapabilityId[] => [
    "program.docker",
    "docker.engine",
    "docker.run",
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(takesFreshIdentity(matrix) ? (["privilege.drop-identity", "mount.setattr"] as const) : userNamespace),
    ...(isRootless(matrix) && !takesFreshIdentity(matrix) ? (["mount.setattr"] as const) : []),
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
    keepsNothing: (matrix) => (isRootless(matrix) && takesFreshIdentity(matrix) ? rootlessReason : undefined),
  }),
});
