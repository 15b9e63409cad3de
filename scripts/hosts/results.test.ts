import { expect, test } from "bun:test";
import { blockedNamespaces } from "../../test/fixtures/reports/blocked-namespaces.ts";
import { inNamespaces } from "../../test/hosts/shared/verdicts.ts";
import { guaranteeIds, type GuaranteeId } from "../../src/model/guarantee.ts";
import { callers } from "./judge.ts";
import { defineHost, type LabHost, type Verdicts } from "./lab-host.ts";
import { listHosts, loadHost } from "./list-hosts.ts";
import { readResults, resultOf } from "./results.ts";

const truth = { capabilities: {}, chosen: null, doctor: 1, verdicts: inNamespaces } as const;

const attacked = {
  subjects: [
    {
      name: "process",
      guarantees: [
        { id: "fs.read", state: "not-provided" },
        { id: "env.clean", state: "held" },
      ],
    },
  ],
};

test("a boot comes to what was chosen, what is lacking, and what held, for each caller", () => {
  const doctor = { code: 1, output: JSON.stringify(blockedNamespaces), errors: "" };
  const steps = {
    "root-doctor": doctor,
    "root-verify": { code: 70, output: "", errors: "why" },
    "user-doctor": doctor,
    "user-verify": { code: 0, output: JSON.stringify(attacked), errors: "" },
  };
  const host = defineHost({ title: "a fixture", kernel: "debian-12", truth: { root: truth, user: truth } });
  const boot = { steps, isOver: true, console: "", durationMs: 1 };
  const lacks = "userns.capable (sysctl)";
  expect(resultOf(host, { release: "6.1.0-1-cloud-amd64" }, boot, new Date("2026-01-02T03:04:05Z"))).toEqual({
    measuredOn: "2026-01-02",
    release: "6.1.0-1-cloud-amd64",
    callers: {
      root: { chosen: null, lacks, attacked: null },
      user: { chosen: null, lacks, attacked: { strategy: "process", held: ["env.clean"] } },
    },
  });
});

function heldOf(verdicts: Verdicts | null): GuaranteeId[] | null {
  return verdicts === null ? null : guaranteeIds.filter((id) => verdicts[id] === "held");
}

function truthOf({ truth: callersTruth }: LabHost): unknown {
  const said = callers.flatMap((caller) => {
    const one = callersTruth[caller];
    return one === undefined ? [] : [[caller, { chosen: one.chosen, held: heldOf(one.verdicts) }]];
  });
  return Object.fromEntries(said);
}

/** Where this fails, `bun scripts/hosts.ts --matrix NAME` measures again, and `bun run gen` writes the table. */
test("every host was measured, and what is kept of it is as its truth says now", async () => {
  const kept = Object.entries(readResults()).map(([name, result]) => {
    const found = Object.entries(result.callers).map(([caller, { chosen, attacked: attacks }]) => [
      caller,
      { chosen, held: attacks?.held ?? null },
    ]);
    return [name, Object.fromEntries(found)];
  });
  const expected = listHosts().map(async (name) => [name, truthOf(await loadHost(name))]);
  expect(kept).toEqual(await Promise.all(expected));
});
