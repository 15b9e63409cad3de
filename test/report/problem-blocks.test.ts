import { describe, expect, test } from "bun:test";
import type { Capability } from "../../src/model/capability.ts";
import { layOutBlocks } from "../../src/report/lay-out-blocks.ts";
import { problemBlocks } from "../../src/report/problem-blocks.ts";
import { remediesFor } from "../../src/report/remedies.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { capability } from "../fixtures/reports/report-parts.ts";
import { plainStyle } from "./printed-lines.ts";

function problems(...capabilities: readonly Capability[]): string {
  const report = { ...perfectHost, capabilities, remedies: remediesFor(capabilities, { uid: 1000 }) };
  return layOutBlocks(problemBlocks(report), plainStyle);
}

/** A capability that a cap of the chosen strategy stands on. */
function control(name: "cpu" | "memory", parts: Partial<Capability>): Capability {
  return capability("cgroups", {
    id: `cgroup.${name}`,
    title: `Cap on ${name}`,
    summary: "so",
    state: "blocked",
    ...parts,
  });
}

describe("problemBlocks", () => {
  test("are none where nothing is needed that is missing", () => {
    expect(problems(capability("devices", { id: "device.x", title: "X", summary: "so", state: "broken" }))).toBe("");
  });

  test("tell of what a guarantee stands on if it is degraded", () => {
    expect(problems(control("memory", { state: "degraded", summary: "swap is not capped" }))).toBe(`
Problems
[!] Cap on memory [cgroup.memory]: degraded (exercised); swap is not capped.
    Cause: not established.
    Used for: limit.memory (namespaces).
    Remedy: nothing that cupel knows helps.
`);
  });

  test("say once what summary and cause both say", () => {
    const blockers = [{ code: "firmware", detail: "VT-x is off" }] as const;
    const text = problems(
      control("cpu", { summary: "VT-x is off", blockers }),
      control("memory", {
        summary: "EIO at open: the disk is gone",
        blockers: [{ code: "unknown", detail: "the disk is gone" }],
      }),
    );
    expect(text).toBe(`
Problems
[x] Cap on cpu [cgroup.cpu]: blocked (exercised).
    Cause: the firmware (firmware): VT-x is off.
    Used for: limit.cpu (namespaces).
    Remedy: switch virtualization on in the firmware (VT-x, or SVM on AMD) and
      boot again (for the administrator).
[x] Cap on memory [cgroup.memory]: blocked (exercised); EIO at open.
    Cause: something unexplained (unknown): the disk is gone.
    Used for: limit.memory (namespaces).
    Remedy: nothing that cupel knows helps.
`);
  });

  test("tell every cause of one capability, and a remedy that was told before by reference", () => {
    const delegation = (detail: string) => ({ code: "cgroup-delegation", detail }) as const;
    const text = problems(
      control("cpu", { blockers: [delegation("cpu is not delegated"), { code: "chroot", detail: "in a chroot" }] }),
      control("memory", { blockers: [delegation("memory is not delegated")] }),
    );
    expect(text).toBe(`
Problems
[x] Cap on cpu [cgroup.cpu]: blocked (exercised); so.
    Cause: control groups that are not delegated (cgroup-delegation): cpu is not
      delegated.
    Cause: a chroot (chroot): in a chroot.
    Used for: limit.cpu (namespaces).
    Remedy: have systemd hand its control group controllers to user sessions:
      Delegate=cpu cpuset io memory pids for the unit user@.service (for the
      administrator). Risk: every user can then divide these resources among
      their own processes.
    Remedy: run cupel outside of the chroot: the kernel creates no user
      namespace in one (for you).
[x] Cap on memory [cgroup.memory]: blocked (exercised); so.
    Cause: control groups that are not delegated (cgroup-delegation): memory is
      not delegated.
    Used for: limit.memory (namespaces).
    Remedy: as for cgroup.cpu, above.
`);
  });

  test("are none where only a strategy that was not taken goes without", () => {
    const lost = { id: "limit.time", kept: false, reason: "so", missing: "cgroup.cpu" } as const;
    const [namespaces, process] = perfectHost.strategies;
    if (namespaces === undefined || process === undefined) throw new Error("the fixture has no strategies");
    const guarantees = namespaces.guarantees.filter(({ id }) => id === "limit.time");
    const strategies = [
      { ...namespaces, guarantees },
      { ...process, guarantees: [lost] },
    ];
    const report = { ...perfectHost, strategies, capabilities: [control("cpu", {})] };
    expect(problemBlocks(report)).toEqual([]);
    expect(problemBlocks({ ...report, selection: { accepted: [], rejected: [] } })).not.toEqual([]);
  });

  test("name strategies with the same loss together", () => {
    const lost = { id: "limit.cpu", kept: false, reason: "so", missing: "cgroup.cpu" } as const;
    const strategies = perfectHost.strategies.map((strategy) => ({ ...strategy, guarantees: [lost] }));
    const report = { ...perfectHost, strategies, capabilities: [control("cpu", {})] };
    expect(layOutBlocks(problemBlocks(report), plainStyle)).toContain(
      "    Costs: limit.cpu (namespaces and process).\n",
    );
  });
});
