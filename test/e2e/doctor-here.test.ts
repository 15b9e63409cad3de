/** What the doctor says about this very machine, held against what was found by hand: ../shared/HOSTS.md. */
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { needs } from "../support/must-work.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

interface Capability {
  readonly id: string;
  readonly state: string;
  readonly level: string;
  readonly summary: string;
  readonly value?: string | number;
  readonly blockers: readonly { readonly code: string }[];
}

/** Measured by hand: see the table's header. Elsewhere there is nothing to hold these against. */
const isThatMachine =
  readFileSync("/proc/sys/kernel/osrelease", "utf8").includes("-fc-") && existsSync("/sys/fs/cgroup/unified");
const here = needs(isThatMachine, "not the Firecracker machine that HOSTS.md describes");

describe.each(callers)("this machine, as $name sees it", (caller: Caller) => {
  let capabilities: ReadonlyMap<string, Capability>;
  let report: { selection: { chosen?: string }; trials: { strategy: string; result: string }[] };
  const find = (id: string): Capability => {
    const found = capabilities.get(id);
    if (found === undefined) throw new Error(`the report has no ${id}`);
    return found;
  };
  const codes = (id: string): string[] => find(id).blockers.map(({ code }) => code);

  beforeAll(async () => {
    const { stdout } = await cupel.run(caller, ["doctor", "--json"]);
    const parsed = JSON.parse(stdout) as typeof report & { capabilities: Capability[] };
    report = parsed;
    capabilities = new Map(parsed.capabilities.map((capability) => [capability.id, capability]));
  });

  here("is a virtual machine of Firecracker's, and no container", () => {
    expect(String(find("host.layers").value ?? find("host.layers").summary)).toContain("firecracker");
    expect(find("host.layers").summary).not.toMatch(/container|docker|bare/i);
  });

  here("runs jobs in namespaces, and all strategies were tried", () => {
    expect(report.selection.chosen).toBe("namespaces");
    expect(report.trials.map(({ strategy, result }) => [strategy, result])).toEqual([
      ["namespaces", "passed"],
      ["bubblewrap", "passed"],
      ["podman", "passed"],
      ["gvisor", "passed"],
      ["landlock", "passed"],
      ["process", "passed"],
    ]);
  });

  here("has control groups of both versions, whose limits are version 1's and root's alone", () => {
    expect(find("cgroup.mode").value).toBe("hybrid");
    for (const id of ["cgroup.memory", "cgroup.cpu", "cgroup.pids"]) {
      if (caller.uid === 0) expect([id, find(id).state]).toEqual([id, "works"]);
      else expect([id, find(id).state, codes(id)]).toEqual([id, "blocked", ["cgroup-version"]]);
    }
  });

  here("has Landlock, though securityfs is not mounted", () => {
    expect(existsSync("/sys/kernel/security/lsm")).toBe(false);
    for (const id of ["landlock.file-system", "landlock.network", "landlock.scopes"]) {
      expect([id, find(id).state, find(id).level]).toEqual([id, "works", "enforced"]);
    }
    expect(Number(find("landlock.file-system").value)).toBeGreaterThanOrEqual(7);
  });

  here("offers no KVM guest that boots", () => {
    if (caller.uid !== 0) {
      for (const id of ["kvm.open", "kvm.boot"])
        expect([id, find(id).state, codes(id)]).toEqual([id, "blocked", ["device-mode"]]);
      return;
    }
    expect(find("kvm.run").state).toBe("works");
    expect(find("kvm.long-mode").state).toBe("broken");
    expect(find("kvm.boot").state).toBe("broken");
  });

  here("has neither AppArmor nor SELinux nor Yama", () => {
    for (const id of ["lsm.apparmor", "lsm.selinux", "lsm.yama"]) expect([id, find(id).state]).toEqual([id, "absent"]);
  });

  here("lets everyone make user namespaces that are good for something", () => {
    expect(find("userns.create").state).toBe("works");
    expect(find("userns.capable").state).toBe("works");
  });

  here("keeps CAP_SYS_RESOURCE from root", () => {
    if (caller.uid === 0) expect(find("privilege.capabilities").summary).toContain("CAP_SYS_RESOURCE");
  });

  test("has no capability whose state was not found out without saying why", () => {
    for (const { id, state, summary } of capabilities.values()) {
      expect(summary.length).toBeGreaterThan(0);
      if (state === "blocked") expect([id, codes(id).length > 0]).toEqual([id, true]);
    }
  });
});
