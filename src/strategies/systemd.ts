/** A service by systemd, for one job: of the manager that runs the machine, or of the user's own. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { MakerPlan } from "../model/program-plan.ts";
import { laysNoOverlay, madeElsewhere, ownRootInside, textOf, writableSecrets } from "./_made-elsewhere.ts";
import { takesFreshIdentity } from "./_own-root.ts";
import { noLayers, wholeSandbox, type StandIns } from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";

/** The launcher makes them inside. */
const launchersOwn: readonly CapabilityId[] = ["userns.create", "userns.capable", "ns.cgroup", "ns.uts"];

const standIns: StandIns = {
  program: "systemd.run",
  made: wholeSandbox.filter((id) => !launchersOwn.includes(id)),
  lacking: [noLayers("systemd lays no layer that could be read afterwards over a directory")],
};

function makerOf(matrix: Standings): MakerPlan {
  const path = textOf(matrix, "program.systemd-run", "/usr/bin/systemd-run");
  const manager = takesFreshIdentity(matrix) ? "system" : "user";
  return { program: "systemd-run", path, manager, controlPath: path.replace(/[^/]*$/, "systemctl") };
}

/** Root in name only, in a container say. */
const rootlessReason = "root without the right to become another user has no manager whose services are not root's";

/** Strategy `systemd`. */
export default defineStrategy({
  id: "systemd",
  rank: 32,
  isolation: "namespace",
  summary: `a service by systemd, ${ownRootInside}`,
  explanation: `The sandbox of namespaces as a service: systemd (257 or later) makes it for one job, called by root the manager that runs the machine, otherwise the user's own, from a root that cupel writes for each job, with cupel's launcher as its first process. No unit file is written; the service goes with the job. ${laysNoOverlay}`,
  requires: (matrix): CapabilityId[] => [
    "program.systemd-run",
    "systemd.run",
    "privilege.no-new-privs",
    "seccomp.filter",
    "mount.setattr",
    ...(takesFreshIdentity(matrix)
      ? (["privilege.drop-identity"] as const)
      : (["userns.create", "userns.capable"] as const)),
  ],
  ...madeElsewhere({
    title: "systemd",
    standIns: () => standIns,
    keepsNothing: (matrix) =>
      matrix["systemd.run"]?.value === "system" && !takesFreshIdentity(matrix) ? rootlessReason : undefined,
    maker: makerOf,
    words: {
      "priv.devices": () => "systemd's own /dev, with seven harmless devices; nodev on all that is shown of the host",
      "secret.private": writableSecrets,
    },
  }),
});
