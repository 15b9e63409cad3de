import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import gvisor from "../../src/strategies/gvisor.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything, userWithoutControlGroups } from "../fixtures/matrices/standings.ts";
import { keptOf } from "../support/kept-guarantees.ts";

const found: Standings = {
  ...userEverything,
  "program.runsc": { state: "works", value: "/opt/runsc" },
  "gvisor.run": { state: "works", value: "systrap" },
};

function decisionsOf(standings: Standings, parts: Partial<Job> = {}): ReadonlyMap<string, GuaranteeDecision> {
  return new Map(gvisor.guarantees(jobOf(parts), standings).map((decision) => [decision.id, decision]));
}

describe("guarantees", () => {
  test("are those of namespaces where both work, and another kernel", () => {
    for (const standings of [userEverything, rootEverything])
      expect(keptOf(gvisor, standings).filter((id) => id !== "kernel.boundary")).toEqual(keptOf(namespaces, standings));
    expect(decisionsOf(found).get("kernel.boundary")).toEqual({
      id: "kernel.boundary",
      kept: true,
      mechanism: "gVisor's kernel answers the job's system calls; the host's answers gVisor's alone",
      capabilities: ["gvisor.run"],
    });
  });

  test("are no other kernel's without it", () => {
    const decisions = decisionsOf(except(userEverything, "absent", "gvisor.run"));
    for (const id of ["kernel.boundary", "kernel.syscalls", "ipc.shared", "limit.pids", "priv.escalation"])
      expect(decisions.get(id)).toMatchObject({ kept: false, missing: "gvisor.run" });
    expect(decisions.get("fs.read")).toMatchObject({ kept: true });
  });

  test("need no scope of Landlock's on the host's network: gVisor connects to no socket of the host's", () => {
    const standings = except(found, "absent", "landlock.scopes");
    expect(keptOf(namespaces, standings, { network: "host" })).not.toContain("ipc.sockets");
    expect(keptOf(gvisor, standings, { network: "host" })).toContain("ipc.sockets");
  });

  test("hold processes in bounds without a control group, and nothing else", () => {
    const kept = keptOf(gvisor, userWithoutControlGroups);
    expect(["limit.pids", "limit.memory", "limit.cpu"].filter((id) => kept.includes(id))).toEqual(["limit.pids"]);
  });

  test("lack a terminal, which is then not asked for", () => {
    expect(decisionsOf(found, { terminal: "private" }).get("tty.safe")).toEqual({
      id: "tty.safe",
      kept: false,
      reason: "jobs in gVisor have no terminal (--tty)",
    });
    expect(gvisor.plan(jobOf({ terminal: "private" }), found).terminal).toBe("none");
  });
});

describe("plan", () => {
  test("is that of namespaces, with gVisor in it", () => {
    const job = jobOf();
    const made = namespaces.plan(job, found);
    const { guest, root, resourceLimits, controlGroup, ...rest } = gvisor.plan(job, found);
    expect(rest).toEqual({
      ...Object.fromEntries(
        Object.entries(made).filter(([name]) => !["root", "resourceLimits", "controlGroup"].includes(name)),
      ),
      landlockScopes: [],
      landlockVersion: undefined,
    } as never);
    expect(guest?.command).toEqual([
      "/runsc",
      "--rootless",
      "--root=/state",
      "--platform=systrap",
      "--network=none",
      "--ignore-cgroups",
      "--overlay2=none",
      "--file-access=shared",
      "--file-access-mounts=shared",
      "run",
      "--bundle=/bundle",
    ]);
    expect(guest?.root).toContainEqual({
      step: "bind",
      source: "/opt/runsc",
      destination: "/runsc",
      mapOwner: "no",
      optional: false,
      writable: false,
    });
    expect(root.length).toBeGreaterThan(10);
    expect([resourceLimits, controlGroup]).toEqual([
      { ...made.resourceLimits, processes: job.defaultLimits.pids },
      // gVisor has several processes of the host's for each of the job's, and ends where it is refused one.
      { ...made.controlGroup, pids: undefined },
    ]);
  });

  test("leaves the network to the sandbox around it where it leads somewhere, and else to gVisor", () => {
    const networkOf = (parts: Partial<Job>): string | undefined =>
      gvisor.plan(jobOf(parts), found).guest?.command.find((word) => word.startsWith("--network="));
    expect(networkOf({ network: "none" })).toBe("--network=none");
    expect(networkOf({ network: "no-sockets" })).toBe("--network=none");
    expect(networkOf({ network: "allow", allowedHosts: ["a.example"] })).toBe("--network=host");
    expect(networkOf({ network: "host" })).toBe("--network=host");
    const published = [{ address: "127.0.0.1", port: 80, jobPort: 80 }];
    expect(networkOf({ network: "none", published } as never)).toBe("--network=host");
  });

  test("has a network namespace for the socket that gVisor is ruled by, wherever the job has no use of the host's", () => {
    const kindsOf = (parts: Partial<Job>): readonly string[] => gvisor.plan(jobOf(parts), found).namespaces;
    expect(kindsOf({ network: "no-sockets" })).toContain("network");
    expect(namespaces.plan(jobOf({ network: "no-sockets" }), found).namespaces).not.toContain("network");
    expect(kindsOf({ network: "host" })).not.toContain("network");
  });
});

test("needs user namespaces, whoever calls: runsc has to be root in one", () => {
  const own = ["program.runsc", "gvisor.run"];
  const namespacesOfUsers = ["userns.create", "userns.capable"];
  expect(gvisor.requires(userEverything)).toEqual([...own, ...(namespaces.requires(userEverything) as [])] as never);
  expect(namespaces.requires(userEverything)).toEqual(expect.arrayContaining(namespacesOfUsers as []));
  expect(gvisor.requires(rootEverything)).toEqual([
    ...own,
    ...namespaces.requires(rootEverything),
    ...namespacesOfUsers,
  ] as never);
});
