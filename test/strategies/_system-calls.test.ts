import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import { seccompProfileNames, type Job } from "../../src/model/job.ts";
import { profileMechanisms, socketsOf } from "../../src/strategies/_system-calls.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything } from "../fixtures/matrices/standings.ts";
import { printChanges } from "../support/print-decisions.ts";

const job = jobOf();

function decide(standings: Standings, parts: Partial<Job> = {}): readonly GuaranteeDecision[] {
  return namespaces.guarantees(jobOf(parts), standings);
}

function decision(standings: Standings, id: string, parts: Partial<Job> = {}): GuaranteeDecision | undefined {
  return decide(standings, parts).find((one) => one.id === id);
}

test("each profile is named by its own mechanism", () =>
  expect(
    seccompProfileNames.filter((name) => !profileMechanisms[name].startsWith(`cupel's ${name} seccomp profile`)),
  ).toEqual([]));

test("sockets are taken away where the network is to have none", () =>
  expect((["none", "host", "no-sockets"] as const).map((network) => socketsOf({ network }))).toEqual([
    "by-profile",
    "by-profile",
    "pairs-only",
  ]));

describe("guarantees of namespaces", () => {
  test("without sockets are kept by the filter, and there is no use in a loopback", () => {
    const changes = printChanges(decide(rootEverything), decide(rootEverything, { network: "no-sockets" }));
    expect(changes).toMatchInlineSnapshot(`
      "
      net.none: the seccomp filter lets no socket be made but connected pairs (/proc/net still tells of the host's interfaces and connections) [seccomp.filter]
      net.loopback NOT: the job can make no socket that would use it
      ipc.sockets: the seccomp filter lets no socket be made but connected pairs, so none can be connected [seccomp.filter]
      "
    `);
    const withoutNetwork = except(rootEverything, "absent", "landlock.", "ns.network");
    expect(decide(withoutNetwork, { network: "no-sockets" })).toEqual(
      decide(rootEverything, { network: "no-sockets" }) as GuaranteeDecision[],
    );
  });

  test("without sockets and without a filter are not kept", () => {
    const without = except(rootEverything, "blocked", "seccomp.filter");
    const lacking = ["net.none", "ipc.sockets"].map((id) => decision(without, id, { network: "no-sockets" }));
    expect(lacking).toMatchObject([{ missing: "seccomp.filter" }, { missing: "seccomp.filter" }]);
  });

  test("under the strict profile name it, and there is no use in a loopback", () => {
    const changes = printChanges(decide(rootEverything), decide(rootEverything, { seccomp: "strict" }));
    expect(changes).toMatchInlineSnapshot(`
      "
      net.loopback NOT: the job can make no socket that would use it
      kernel.syscalls: cupel's strict seccomp profile: essential calls and no others [seccomp.filter]
      "
    `);
  });

  test("under the compat profile leave to the PID namespace whom the job traces", () => {
    const changes = printChanges(decide(rootEverything), decide(rootEverything, { seccomp: "compat" }));
    expect(changes).toMatchInlineSnapshot(`
      "
      proc.signal: a PID namespace, whose first process cannot be traced [ns.pid]
      kernel.syscalls: cupel's compat seccomp profile: dangerous calls are denied, but not those that the PID namespace bounds [seccomp.filter ns.pid]
      "
    `);
  });
});

describe("the plan of namespaces", () => {
  test("leaves a network namespace out without sockets, and scopes abstract sockets where Landlock can", () => {
    const without = jobOf({ network: "no-sockets", seccomp: "strict" });
    const plan = namespaces.plan(without, rootEverything);
    expect(plan).toEqual({
      ...namespaces.plan(job, rootEverything),
      namespaces: ["user", "mount", "pid", "ipc", "uts", "cgroup"],
      loopbackUp: false,
      seccomp: "strict",
      sockets: "pairs-only",
      landlockScopes: ["abstract-unix-socket", "signal"],
    });
    expect(namespaces.plan(without, except(rootEverything, "absent", "landlock.")).landlockScopes).toEqual([]);
  });
});

describe("guarantees of process", () => {
  test("without sockets still are not those of a job that has no network: others make sockets for it", () => {
    const [plain, without] = [{}, { network: "no-sockets" } as const].map((parts) =>
      process.guarantees(jobOf(parts), rootEverything),
    );
    expect(printChanges(plain ?? [], without ?? [])).toMatchInlineSnapshot(`
      "
      net.none NOT: the job can make no socket, but can have other processes of the caller's use the network for it
      "
    `);
  });

  test("under the other profiles are by those, but compat counts on a PID namespace", () => {
    const [plain, strict, compat] = (["default", "strict", "compat"] as const).map((seccomp) =>
      process.guarantees(jobOf({ seccomp }), rootEverything),
    );
    expect(printChanges(plain ?? [], strict ?? [])).toMatchInlineSnapshot(`
      "
      kernel.syscalls: cupel's strict seccomp profile: essential calls and no others [seccomp.filter privilege.no-new-privs]
      "
    `);
    expect(printChanges(plain ?? [], compat ?? [])).toMatchInlineSnapshot(`
      "
      kernel.syscalls NOT: the compat seccomp profile lets the job trace the caller's other processes
      "
    `);
  });
});

describe("the plan of process", () => {
  test("loads the profile that is asked for, without sockets where there are to be none", () => {
    const plan = process.plan(jobOf({ seccomp: "compat", network: "no-sockets" }), rootEverything);
    expect([plan.seccomp, plan.sockets, plan.namespaces]).toEqual(["compat", "pairs-only", []]);
  });
});
