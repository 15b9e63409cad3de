/** A container by Podman, rootless or root's: made by its runtime, with cupel's launcher as its first process. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { MakerPlan } from "../model/program-plan.ts";
import { laysNoOverlay, madeElsewhere, ownRootInside, textOf, writableSecrets } from "./_made-elsewhere.ts";
import { noControlGroups, noEnginesLayers, wholeSandbox, type StandIns } from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";

/** As the probe found it: the runtime that took a container. */
function runtimeOf(matrix: Standings): "crun" | "runc" {
  return matrix["podman.run"]?.value === "runc" ? "runc" : "crun";
}

/** crun can leave the control groups alone that a process was put into. */
const runcsGroups = noControlGroups("runc puts a container into control groups of its own");

function standInsOf(matrix: Standings): StandIns {
  return {
    program: "podman.run",
    made: wholeSandbox,
    lacking: [noEnginesLayers, ...(runtimeOf(matrix) === "runc" ? [runcsGroups] : [])],
  };
}

function makerOf(matrix: Standings): MakerPlan {
  const runtime = runtimeOf(matrix);
  return {
    program: "podman",
    path: textOf(matrix, "program.podman", "/usr/bin/podman"),
    runtime,
    runtimePath: textOf(matrix, `program.${runtime}`, runtime === "crun" ? "/usr/bin/crun" : "/usr/sbin/runc"),
  };
}

/** Strategy `podman`. */
export default defineStrategy({
  id: "podman",
  rank: 30,
  isolation: "namespace",
  summary: `a container by Podman, ${ownRootInside}`,
  explanation: `The sandbox of namespaces as a container: Podman (4.3 or later) has crun or runc make it, from a root that cupel writes for each job, with cupel's launcher as its first process. What Podman keeps lies in a directory of cupel's own and goes with the job; no image and nothing of yours is used. ${laysNoOverlay}`,
  requires: (matrix): CapabilityId[] => [
    "program.podman",
    "podman.run",
    `program.${runtimeOf(matrix)}`,
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(isUsable(matrix["privilege.drop-identity"]) ? (["privilege.drop-identity"] as const) : []),
  ],
  ...madeElsewhere({
    title: "Podman",
    standIns: standInsOf,
    maker: makerOf,
    words: {
      "priv.devices": () => "the runtime's /dev, with six harmless devices; nodev on all that is shown of the host",
      "secret.private": writableSecrets,
    },
  }),
});
