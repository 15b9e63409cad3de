import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { Job } from "../../src/model/job.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import podman from "../../src/strategies/podman.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { userEverything } from "../fixtures/matrices/standings.ts";
import { keptOf } from "../support/kept-guarantees.ts";

const withRunc: Standings = { ...userEverything, "podman.run": { state: "works", value: "runc" } };

describe("guarantees", () => {
  test("have no cap by a control group where the runtime makes groups of its own", () => {
    const capped = { limits: { graceMs: 0, memoryBytes: 9, cpus: 1 } };
    const lost = keptOf(podman, userEverything, capped).filter((id) => !keptOf(podman, withRunc, capped).includes(id));
    expect(lost).toEqual(["limit.cpu", "limit.memory"]);
    expect(podman.plan(jobOf(capped), withRunc).controlGroup).toEqual({});
    expect(podman.plan(jobOf(capped), userEverything).controlGroup).toMatchObject({ memoryBytes: 9, cpus: 1 });
  });

  test.each<[string, Partial<Job>, string, string]>([
    [
      "a cap on the number of files",
      { limits: { graceMs: 0, diskBytes: 4096, diskFiles: 5 } },
      "limit.disk",
      "Podman caps the bytes of a file system, not its files (--tmp-files)",
    ],
    [
      "a list for programs that know of no proxy",
      { network: "allow", allowedHosts: ["a.example"], directPorts: [53, 80, 443] },
      "net.allowlist",
      "Podman leaves nobody the privilege to lead every address to the job's loopback (--transparent-network)",
    ],
  ])("lack %s, which is then not asked for", (_, parts, id, reason) => {
    const decisions = podman.guarantees(jobOf(parts), userEverything);
    expect(decisions.find((decision) => decision.id === id)).toEqual({ id, kept: false, reason } as never);
    const { root, proxy } = podman.plan(jobOf(parts), userEverything);
    expect(root.filter((step) => "filesMax" in step && step.filesMax !== undefined)).toEqual([]);
    expect(proxy?.directPorts).toBeUndefined();
  });
});

test("what a container has in another way is told so", () => {
  const told = podman.guarantees(jobOf(), userEverything);
  const mechanismOf = (id: string): unknown =>
    told.flatMap((one) => (one.id === id && one.kept ? [one.mechanism] : []));
  expect([mechanismOf("priv.devices"), mechanismOf("secret.private")]).toEqual([
    ["the runtime's /dev, with six harmless devices; nodev on all that is shown of the host"],
    [
      "a private file system in memory, for files of the job's user; sealed memory behind a descriptor of the job's own",
    ],
  ]);
});

describe("plan", () => {
  test("is that of namespaces, with Podman as its maker", () => {
    const { maker, ...rest } = podman.plan(jobOf(), userEverything);
    expect(maker).toEqual({
      program: "podman",
      path: "/usr/bin/podman",
      runtime: "crun",
      runtimePath: "/usr/bin/crun",
    });
    expect(rest).toEqual(namespaces.plan(jobOf(), userEverything));
  });

  test("takes the programs that were tried", () => {
    const standings: Standings = {
      ...withRunc,
      "program.podman": { state: "works", value: "/opt/bin/podman" },
      "program.runc": { state: "works", value: "/opt/bin/runc" },
    };
    expect(podman.plan(jobOf(), standings).maker).toEqual({
      program: "podman",
      path: "/opt/bin/podman",
      runtime: "runc",
      runtimePath: "/opt/bin/runc",
    });
    expect(podman.requires(standings)).toContain("program.runc");
  });
});
