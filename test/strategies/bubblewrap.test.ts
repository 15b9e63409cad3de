import { describe, expect, test } from "bun:test";
import bubblewrap from "../../src/strategies/bubblewrap.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { userEverything } from "../fixtures/matrices/standings.ts";

describe("guarantees", () => {
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
  test("is that of namespaces, with bubblewrap as its maker", () => {
    const { maker, ...rest } = bubblewrap.plan(jobOf(), userEverything);
    expect(maker).toEqual({ program: "bubblewrap", path: "/usr/bin/bwrap" });
    expect(rest).toEqual(namespaces.plan(jobOf(), userEverything));
  });

  test("takes the bwrap that was tried", () => {
    const standings = { ...userEverything, "program.bwrap": { state: "works", value: "/opt/bin/bwrap" } } as const;
    expect(bubblewrap.plan(jobOf(), standings).maker?.path).toBe("/opt/bin/bwrap");
  });
});
