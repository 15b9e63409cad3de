/** The sandbox of `namespaces`, made by bubblewrap: for hosts that allow that to /usr/bin/bwrap, and not to cupel's launcher. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable } from "../model/capability.ts";
import { madeElsewhere, textOf } from "./_made-elsewhere.ts";
import { noLayers, wholeSandbox, type StandIns } from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";

const standIns: StandIns = {
  program: "program.bwrap",
  made: wholeSandbox,
  lacking: [noLayers("bubblewrap lays no layer that can be read afterwards (before 0.11)")],
};

/** Strategy `bubblewrap`. */
export default defineStrategy({
  id: "bubblewrap",
  rank: 20,
  isolation: "namespace",
  summary: "namespaces and a root of its own, made by bubblewrap; seccomp through cupel's launcher inside",
  explanation:
    "The sandbox of namespaces, with the namespaces and the root made by bubblewrap (0.8 or later), which starts cupel's launcher inside as their first process. For hosts whose rules let /usr/bin/bwrap make user namespaces, and cupel's launcher none. Overlays it lays none, so that the workspace is read-only unless told otherwise.",
  requires: (matrix): CapabilityId[] => [
    "program.bwrap",
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(isUsable(matrix["privilege.drop-identity"]) ? (["privilege.drop-identity"] as const) : []),
  ],
  ...madeElsewhere({
    title: "bubblewrap",
    standIns: () => standIns,
    maker: (matrix) => ({ program: "bubblewrap", path: textOf(matrix, "program.bwrap", "/usr/bin/bwrap") }),
  }),
});
