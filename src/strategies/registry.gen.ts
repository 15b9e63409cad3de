// Written by scripts/gen.ts from the files of this folder; do not edit.
import bubblewrapStrategy from "./bubblewrap.ts";
import dockerStrategy from "./docker.ts";
import gvisorStrategy from "./gvisor.ts";
import landlockStrategy from "./landlock.ts";
import namespacesStrategy from "./namespaces.ts";
import podmanStrategy from "./podman.ts";
import processStrategy from "./process.ts";
import systemdStrategy from "./systemd.ts";

const unordered = [
  bubblewrapStrategy,
  dockerStrategy,
  gvisorStrategy,
  landlockStrategy,
  namespacesStrategy,
  podmanStrategy,
  processStrategy,
  systemdStrategy,
] as const;

/** All strategies, the preferred first. */
export const strategies = unordered.toSorted((one, other) => one.rank - other.rank);
