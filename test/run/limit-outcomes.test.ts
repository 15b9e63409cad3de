import { expect, test } from "bun:test";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { ResourceLimits } from "../../src/model/plan.ts";
import { limitOutcomes } from "../../src/run/limit-outcomes.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const decisions: readonly GuaranteeDecision[] = [
  { id: "limit.time", kept: true, mechanism: "a deadline", capabilities: [] },
  { id: "limit.cpu", kept: false, reason: "no group", missing: "cgroup.cpu" },
  { id: "limit.memory", kept: true, mechanism: "a group", capabilities: ["cgroup.memory"] },
  { id: "limit.pids", kept: false, reason: "no group either" },
  { id: "limit.disk", kept: true, mechanism: "sizes", capabilities: [] },
  { id: "limit.output", kept: true, mechanism: "relays", capabilities: [] },
];

function outcomesOf(parts: Parameters<typeof jobOf>[0], resourceLimits: ResourceLimits = {}): string[] {
  const launch = barePlan(["a"], { resourceLimits });
  const plan = { strategy: "namespaces", isolation: "namespace", launch, guarantees: decisions } as const;
  return limitOutcomes(jobOf(parts), plan).map(({ name, id = "-", scope, requested, stated, enforced, by }) =>
    [name, id, scope, requested, stated ? "stated" : "default", enforced ? "kept" : "NOT", by].join(" "),
  );
}

test("says of every cap what was asked, whose it is, and what keeps it or why nothing does", () => {
  const perProcess = { openFiles: 64, fileBytes: 65, coreBytes: 66 };
  const tree = {
    timeoutMs: 1,
    idleMs: 2,
    cpus: 3,
    cpuTimeMs: 4000,
    pids: 5,
    diskBytes: 6,
    diskFiles: 7,
    outputBytes: 8,
  };
  expect(outcomesOf({ limits: { graceMs: 1, ...tree, perProcess } }, { cpuSeconds: 4 })).toEqual([
    "wall limit.time tree 1 stated kept a deadline",
    "idle limit.time tree 2 stated kept a deadline",
    "memory limit.memory tree 3000000000 default kept a group",
    "cpus limit.cpu tree 3 stated NOT no group",
    "cpu-time limit.cpu tree 4000 stated NOT no group",
    "pids limit.pids tree 5 stated NOT no group either",
    "disk limit.disk tree 6 stated kept sizes",
    "files limit.disk tree 7 stated kept sizes",
    "output limit.output tree 8 stated kept relays",
    "cpu-time - process 4000 stated kept RLIMIT_CPU, which each process has for itself",
    "open-files - process 64 stated kept RLIMIT_NOFILE, which each process has for itself",
    "file-size - process 65 stated kept RLIMIT_FSIZE, which each process has for itself",
    "core - process 66 stated kept RLIMIT_CORE, which each process has for itself",
  ]);
});

test("does not take a share of the processors for a count of what is used", () => {
  const launch = (countsCpuTime?: true) => barePlan(["a"], { controlGroup: { countsCpuTime } });
  const guarantees = [{ id: "limit.cpu", kept: true, mechanism: "a group", capabilities: [] }] as const;
  const job = jobOf({ limits: { graceMs: 1, cpuTimeMs: 1 } });
  const enforced = [launch(), launch(true)].map((one) =>
    limitOutcomes(job, { strategy: "namespaces", isolation: "namespace", launch: one, guarantees }).map((limit) => [
      limit.enforced,
      limit.by,
    ]),
  );
  expect(enforced).toEqual([[[false, "nothing counts the CPU time of this job"]], [[true, "a group"]]]);
});

test("names the disks on which a rate is kept, and says where nothing counts it", () => {
  const launch = barePlan(["a"], { controlGroup: { io: { disks: ["8:0", "8:16"], readBytes: 7 } } });
  const job = jobOf({ limits: { graceMs: 1, ioReadBytes: 7, ioWriteBytes: 8 }, defaultLimits: {} });
  const cap = { scope: "tree", stated: true } as const;
  expect(limitOutcomes(job, { strategy: "namespaces", isolation: "namespace", launch, guarantees: [] })).toEqual([
    {
      ...cap,
      name: "io-read",
      requested: 7,
      enforced: true,
      by: "a control group of the job's own (io), on each of these disks: 8:0, 8:16",
    },
    { ...cap, name: "io-write", requested: 8, enforced: false, by: "nothing counts it here" },
  ]);
});

test("leaves out what nobody asked for", () => expect(outcomesOf({ defaultLimits: {} })).toEqual([]));
