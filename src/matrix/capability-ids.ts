/** Ids of all capabilities that this cupel knows, in the order of the probes. */
import type { Probe } from "../probes/_probe.ts";
import { probes } from "../probes/registry.gen.ts";

const registered: readonly Probe[] = probes;

/** All ids. */
export const capabilityIds: readonly string[] = registered.flatMap(({ capabilities }) => Object.keys(capabilities));
