/** Entry point: runs probes on the machine itself and prints their findings as JSON. Arguments: a directory for helpers, ids. */
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import type { Probe } from "../../src/probes/_probe.ts";
import { probes } from "../../src/probes/registry.gen.ts";

const [directory = "", ...ids] = process.argv.slice(2);
const host = createRealHost();
const helpers = createNativeHelpers(host, [directory]);
/** Engines and managers take seconds, and have tests of their own: here they are asked for by name. */
const isQuick = (probe: Probe): boolean => probe.pace !== "slow";
const chosen = probes.filter((probe) => (ids.length === 0 ? isQuick(probe) : ids.includes(probe.id)));
const findings = await Promise.all(
  chosen.map((probe) => probe.run({ host, helpers, deep: process.env["CUPEL_DEEP"] === "1" })),
);
console.log(JSON.stringify(Object.assign({}, ...findings)));
