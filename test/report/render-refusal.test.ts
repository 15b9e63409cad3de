import { describe, expect, test } from "bun:test";
import { describeRefusal, renderRefusal } from "../../src/report/render-refusal.ts";
import * as refusals from "../fixtures/reports/refusals.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const golden: Readonly<Record<keyof typeof refusals, string>> = {
  noNamespaces: `cupel: refused: no strategy here keeps fs.read (only granted paths can be read).
Cause: namespaces needs userns.capable, which is blocked by a kernel setting
(sysctl): kernel.unprivileged_userns_clone is 0.
Closest: process, which does not keep fs.read, fs.write, fs.metadata,
fs.protected, net.none and 8 more.
Smallest remedy known (for the administrator, reversible): set
kernel.unprivileged_userns_clone to 1 until the next boot. Risk: every user of
this host can then create namespaces, which opens more of the kernel to them.
      sudo sysctl -w kernel.unprivileged_userns_clone=1
To run all the same, by strategy process: --accept-missing all; the job could
then read and change every file that you can, use the network, use set-uid
programs, signal and trace your processes and more.
`,
  noMemoryCap: `cupel: refused: no strategy here keeps limit.memory (a cap on memory, on the
whole tree).
Cause: namespaces needs cgroup.memory for limit.memory, which is blocked by the
version of control groups (cgroup-version): version 1 with a version 2 mount
that holds only hugetlb.
Smallest remedy known (for the administrator): boot with
systemd.unified_cgroup_hierarchy=1, or without systemd with cgroup_no_v1=all and
mount cgroup2. Risk: programs that know only version 1 of control groups lose
theirs.
To run all the same, by strategy namespaces: --accept-missing
fs.protected,limit.memory; the job could then take all memory.
`,
  noBoundary: `cupel: refused: no strategy here keeps kernel.boundary (the job does not run on
the host's kernel).
Cause: namespaces does not keep kernel.boundary: the job runs on this kernel.
To run all the same, by strategy namespaces: --accept-missing kernel.boundary;
the job could then attack this host's kernel directly.
`,
  namedWrongly: `cupel: refused: strategy process does not keep fs.read (only granted paths can
be read).
Cause: process does not keep fs.read: the job has the caller's view of the host.
Closest: process, which does not keep fs.read, fs.write, fs.metadata,
fs.protected, net.none and 8 more.
Without --strategy process, namespaces would keep every demand.
`,
  tooStrong: `cupel: refused: no strategy here is as strong as class vm.
Closest: namespaces, which is weaker than the class demanded, vm.
To run all the same, by strategy namespaces: --min namespace; the class is then
namespace.
`,
  nothingTold: `cupel: refused: no strategy works here, so nothing keeps fs.read (only granted
paths can be read).
Cause: namespaces needs namespaces.probe, which is unknown: no answer within 2
s.
Closest: process, which has not passed its trial: no answer within 2 s.
`,
  namedBlocked: `cupel: refused: strategy namespaces does not work here, so nothing keeps fs.read
(only granted paths can be read).
Cause: namespaces needs userns.capable, which is blocked by a kernel setting
(sysctl): kernel.unprivileged_userns_clone is 0.
Smallest remedy known (for the administrator, reversible): set
kernel.unprivileged_userns_clone to 1 until the next boot. Risk: every user of
this host can then create namespaces, which opens more of the kernel to them.
      sudo sysctl -w kernel.unprivileged_userns_clone=1
`,
};

describe.each(Object.entries(refusals))("renderRefusal, %s", (name, view) => {
  test("says what is missing, why, what would help and what the flag gives up", () => {
    expect<string | undefined>(renderRefusal(view, plainStyle)).toBe(golden[name as keyof typeof refusals]);
  });

  test("is short", () => {
    expect(renderRefusal(view, plainStyle).trimEnd().split("\n").length).toBeLessThanOrEqual(12);
  });

  test("begins with the sentence that the outcome records", () => {
    const wide = renderRefusal(view, { ...plainStyle, columns: 100 });
    expect(wide.replaceAll("\n", " ")).toStartWith(`cupel: refused: ${describeRefusal(view)}.`);
  });

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) => {
    const commands = view.remedies.flatMap((remedy) => remedy.commands);
    expectTidy(renderRefusal(view, style), style, commands);
  });
});

describe("renderRefusal", () => {
  const { noNamespaces } = refusals;

  test("names what a remedy would leave, unless it has the very same cause", () => {
    const other = { code: "chroot", detail: "/ is not the root of a mount" } as const;
    const mount = noNamespaces.matrix["ns.mount"];
    if (mount === undefined) throw new Error("the fixture has no ns.mount");
    const matrix = { ...noNamespaces.matrix, "ns.mount": { ...mount, blockers: [other] } };
    expect(renderRefusal({ ...noNamespaces, matrix }, plainStyle)).toContain("Then namespaces still lacks ns.mount.\n");
  });

  test("prefers a remedy that can be pasted, then one that asks least", () => {
    const nothing = { scope: "", engineFlags: [], undo: [], reversible: true, risk: "" } as const;
    const base = { ...nothing, id: "a-row", blocker: "sysctl", capability: "userns.capable" } as const;
    const advice = { ...base, summary: "ask somebody", commands: [], appliedBy: "you" } as const;
    const hard = { ...base, summary: "call the operator", commands: ["one"], appliedBy: "host operator" } as const;
    const easy = { ...base, summary: "ask the administrator", commands: ["two"], appliedBy: "administrator" } as const;
    const text = renderRefusal({ ...noNamespaces, remedies: [advice, hard, easy] }, plainStyle);
    expect(text).toContain(
      "Smallest remedy known (for the administrator, reversible): ask the\nadministrator.\n      two\n",
    );
    expect(text).not.toContain("operator");
  });

  test("proposes nothing where nothing helps", () => {
    const helpless = {
      id: "none-known",
      blocker: "unknown",
      capability: "userns.capable",
      summary: "nothing that cupel knows helps",
      scope: "nothing",
      commands: [],
      engineFlags: [],
      undo: [],
      appliedBy: "you",
      reversible: true,
      risk: "",
    } as const;
    expect(renderRefusal({ ...noNamespaces, remedies: [helpless] }, plainStyle)).not.toContain("remedy");
  });

  test("tells a failed trial as the cause", () => {
    const selection = {
      accepted: [],
      closest: "process",
      rejected: [
        { strategy: "namespaces", reason: { kind: "trial", summary: "pivot_root: EINVAL" } },
        ...noNamespaces.selection.rejected.filter(({ strategy }) => strategy === "process"),
      ],
    } as const;
    expect(renderRefusal({ ...noNamespaces, selection }, plainStyle)).toContain(
      "Cause: namespaces has not passed its trial: pivot_root: EINVAL.\n",
    );
  });
});
