import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { Job } from "../../src/model/job.ts";
import bubblewrap from "../../src/strategies/bubblewrap.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything, userNamespacesBlocked } from "../fixtures/matrices/standings.ts";

function keptOf(strategy: typeof bubblewrap, standings: Standings, parts: Partial<Job> = {}): string[] {
  return strategy.guarantees(jobOf(parts), standings).flatMap(({ id, kept }) => (kept ? [id] : []));
}

/** What is measured of namespaces and mounts. */
function ofNamespaces(standings: Standings): Standings {
  return Object.fromEntries(Object.entries(standings).filter(([id]) => /^(ns|mount|userns)\./.test(id)));
}

describe("guarantees", () => {
  test("are those of namespaces where both work", () => {
    for (const standings of [userEverything, rootEverything])
      expect(keptOf(bubblewrap, standings)).toEqual(keptOf(namespaces, standings));
  });

  test("stand on bubblewrap, not on what the launcher could do itself", () => {
    const decisions = bubblewrap.guarantees(jobOf(), userEverything);
    const capabilities = new Set(decisions.flatMap((decision) => (decision.kept ? decision.capabilities : [])));
    expect([...capabilities].filter((id) => /^(ns|mount|userns)\./.test(id))).toEqual([]);
    expect(capabilities.has("program.bwrap")).toBeTrue();
    expect(keptOf(bubblewrap, { ...userEverything, ...ofNamespaces(userNamespacesBlocked) })).toEqual(
      keptOf(namespaces, userEverything),
    );
  });

  test("are none of a sandbox's without it", () => {
    const decisions = bubblewrap.guarantees(jobOf(), except(userEverything, "absent", "program.bwrap"));
    expect(decisions.find(({ id }) => id === "fs.read")).toEqual({
      id: "fs.read",
      kept: false,
      reason: expect.stringContaining("a root of the job's own") as never,
      missing: "program.bwrap",
    });
  });

  test("lack a cap on the number of files, which is then not asked for", () => {
    const limits = { graceMs: 0, diskBytes: 4096, diskFiles: 5 };
    const decisions = bubblewrap.guarantees(jobOf({ limits }), userEverything);
    expect(decisions.find(({ id }) => id === "limit.disk")).toEqual({
      id: "limit.disk",
      kept: false,
      reason: "bubblewrap caps the bytes of a file system, not its files (--tmp-files)",
    });
    const { root } = bubblewrap.plan(jobOf({ limits }), userEverything);
    expect(root.filter((step) => "filesMax" in step && step.filesMax !== undefined)).toEqual([]);
    expect(root.filter((step) => step.step === "tmpfs").map((step) => step.sizeBytes)).toContain(4096);
  });

  test("lack a list for programs that know of no proxy, which then have to", () => {
    const listing = jobOf({ network: "allow", allowedHosts: ["a.example"], directPorts: [53, 80, 443] });
    const decisions = bubblewrap.guarantees(listing, userEverything);
    expect(decisions.find(({ id }) => id === "net.allowlist")).toEqual({
      id: "net.allowlist",
      kept: false,
      reason:
        "bubblewrap leaves nobody the privilege to lead every address to the job's loopback (--transparent-network)",
    });
    expect(bubblewrap.plan(listing, userEverything).proxy).toEqual({
      httpPort: 61_080,
      socksPort: 61_081,
      allow: ["a.example"],
    });
  });
});

describe("plan", () => {
  const workspace = {
    mode: "cow",
    path: "/home/ada/project",
    isStated: false,
    manner: "overlay",
    ignore: [],
    apply: "never",
  } as const;

  test("is that of namespaces, with bubblewrap as its maker", () => {
    const { maker, ...rest } = bubblewrap.plan(jobOf(), userEverything);
    expect(maker).toEqual({ program: "bubblewrap", path: "/usr/bin/bwrap" });
    expect(rest).toEqual(namespaces.plan(jobOf(), userEverything));
  });

  test("takes the bwrap that was tried", () => {
    const standings = { ...userEverything, "program.bwrap": { state: "works", value: "/opt/bin/bwrap" } } as const;
    expect(bubblewrap.plan(jobOf(), standings).maker?.path).toBe("/opt/bin/bwrap");
  });

  test("lays no overlay: the workspace is read, or copied where that is asked for", () => {
    const stepOf = (isStated: boolean): string | undefined =>
      bubblewrap
        .plan(jobOf({ workspace: { ...workspace, isStated } }), userEverything)
        .root.find((step) => "destination" in step && step.destination === workspace.path)?.step;
    expect([stepOf(false), stepOf(true)]).toEqual(["bind", "copy"]);
  });
});
