/** Entry point: runs probes on the machine itself and prints their findings as JSON. Arguments: a directory for helpers, ids. */
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import { probes } from "../../src/probes/registry.gen.ts";

const [directory = "", ...ids] = process.argv.slice(2);
const host = createRealHost();
const helpers = createNativeHelpers(host, [directory]);
const chosen = probes.filter((probe) => ids.length === 0 || ids.includes(probe.id));
const findings = await Promise.all(
  chosen.map((probe) => probe.run({ host, helpers, deep: process.env["CUPEL_DEEP"] === "1" })),
);
console.log(JSON.stringify(Object.assign({}, ...findings)));
