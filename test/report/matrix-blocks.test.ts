import { describe, expect, test } from "bun:test";
import type { Capability } from "../../src/model/capability.ts";
import { layOutBlocks } from "../../src/report/lay-out-blocks.ts";
import { foldedMatrixBlocks, wholeMatrixBlocks } from "../../src/report/matrix-blocks.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { capability } from "../fixtures/reports/report-parts.ts";
import { plainStyle } from "./printed-lines.ts";

function folded(...capabilities: readonly Capability[]): string {
  return layOutBlocks(foldedMatrixBlocks({ ...perfectHost, capabilities }), plainStyle);
}

const levels = ["enforced", "exercised", "opened", "declared", "inferred"] as const;
const found = levels.map((level) =>
  capability("devices", { id: `device.${level}`, title: "A device", summary: "seen", level }),
);

describe("wholeMatrixBlocks", () => {
  test("says no more than was measured", () => {
    expect(layOutBlocks(wholeMatrixBlocks({ ...perfectHost, capabilities: found }), plainStyle)).toBe(`
Devices
[+] A device [device.enforced]: works (enforced); seen.
[+] A device [device.exercised]: works (exercised); seen.
[+] A device [device.opened]: opened (not used); seen.
[+] A device [device.declared]: present (declared, not tried); seen.
[+] A device [device.inferred]: present (inferred, not tried); seen.
`);
  });

  test("has a word for every state", () => {
    const states = ["degraded", "blocked", "absent", "broken", "unknown", "not-applicable"] as const;
    const all = states.map((state) =>
      capability("host", { id: state, title: "It", summary: "so", state, level: "opened" }),
    );
    expect(layOutBlocks(wholeMatrixBlocks({ ...perfectHost, capabilities: all }), plainStyle)).toBe(`
Host
[!] It [degraded]: degraded (opened); so.
[x] It [blocked]: blocked (opened); so.
[-] It [absent]: absent (opened); so.
[x] It [broken]: broken (opened); so.
[?] It [unknown]: unknown; so.
[-] It [not-applicable]: not applicable; so.
`);
  });
});

describe("foldedMatrixBlocks", () => {
  test("counts apart what works and what is only said to be there", () => {
    expect(folded(...found)).toBe(`
Capabilities (--all lists each)
[+] Devices: 2 work, 1 opened (not used), 2 present (not tried).
`);
  });

  test("lists what is faulty though nothing needs it, once for each cause, and only counts what is absent", () => {
    const denied = { state: "blocked", blockers: [{ code: "device-mode", detail: "/dev/kvm: mode 0600" }] } as const;
    const text = folded(
      capability("virtualization", { ...denied, id: "kvm.open", title: "KVM device", summary: "open says EACCES" }),
      capability("virtualization", { ...denied, id: "kvm.create", title: "KVM machine", summary: "not reached" }),
      capability("virtualization", { id: "kvm.boot", title: "KVM kernel", summary: "not there", state: "absent" }),
    );
    expect(text).toBe(`
Capabilities (--all lists each)
[x] Virtualization: 2 blocked, 1 absent.
    KVM device [kvm.open]: blocked (exercised); open says EACCES. The same holds
      for kvm.create.
`);
  });

  test("marks an area in which something absent is needed", () => {
    const parts = { title: "It", summary: "so" };
    const needed = capability("cgroups", { ...parts, id: "cgroup.memory", state: "absent" });
    const works = capability("cgroups", { ...parts, id: "cgroup.mode" });
    const other = capability("cgroups", { ...parts, id: "cgroup.disk", state: "absent" });
    expect(folded(works, needed)).toContain("[!] Control groups: 1 works, 1 absent.\n");
    expect(folded(works, other)).toContain("[+] Control groups: 1 works, 1 absent.\n");
    expect(folded(other)).toContain("[-] Control groups: 1 absent.\n");
  });
});
