import { describe, expect, test } from "bun:test";
import { guaranteeIds, type GuaranteeDecision, type GuaranteeId } from "../../src/model/guarantee.ts";
import { judgeInside, type InsideFacts } from "../../src/verify/judge-inside.ts";

/** What the prober says in a sandbox in which everything holds. */
const sound: Readonly<Record<string, readonly [errno: string, value?: number, text?: string]>> = {
  "shadow-read": ["ENOENT"],
  "sys-read": ["ENOENT"],
  "root-write": ["EROFS"],
  "core-pattern-write": ["EROFS"],
  "sysrq-write": ["EROFS"],
  interfaces: ["ok", 1, "lo"],
  "loopback-up": ["ok", 1],
  processes: ["ok", 3],
  "no-new-privs": ["ok", 1],
  "capabilities-effective": ["ok", 0],
  "capabilities-permitted": ["ok", 0],
  "capabilities-bounding": ["ok", 0],
  "unshare-user": ["EPERM"],
  "seccomp-mode": ["ok", 2],
  mount: ["EPERM"],
  "terminal-open": ["ENXIO"],
  "session-leader": ["ok", 1],
};

function factsOf(facts: typeof sound): InsideFacts {
  return new Map(Object.entries(facts).map(([step, [errno, value = 0, text = ""]]) => [step, { errno, value, text }]));
}

function keeping(...ids: readonly GuaranteeId[]): GuaranteeDecision[] {
  return guaranteeIds.map((id) =>
    ids.includes(id)
      ? { id, kept: true, mechanism: "", capabilities: ["userns.capable"] }
      : { id, kept: false, reason: "" },
  );
}

const everyGuarantee = keeping(...guaranteeIds);

const onHostsKernel = keeping(...guaranteeIds.filter((id) => id !== "kernel.boundary"));

function broken(facts: typeof sound): string[] {
  return judgeInside(factsOf(facts), onHostsKernel).flatMap(({ guarantee, held }) => (held ? [] : [guarantee]));
}

describe("judgeInside", () => {
  test("finds that all holds where it does, and says what was done and seen", () => {
    const checks = judgeInside(factsOf(sound), everyGuarantee);
    expect(checks.filter(({ held }) => !held)).toEqual([]);
    // That a file cannot be read, and that it cannot be seen, is told by one fact.
    expect(checks).toHaveLength(Object.keys(sound).length + 1);
    expect(checks).toContainEqual({
      guarantee: "net.none",
      action: "list network interfaces",
      result: "lo",
      held: true,
    });
    expect(checks).toContainEqual({ guarantee: "tty.safe", action: "open /dev/tty", result: "ENXIO", held: true });
    expect(checks).toContainEqual({
      guarantee: "proc.hidden",
      action: "count processes in /proc",
      result: "3",
      held: true,
    });
  });

  test.each([
    ["shadow-read", ["EACCES"], "fs.metadata"],
    ["sys-read", ["ok"], "fs.read"],
    ["root-write", ["ok"], "fs.write"],
    ["core-pattern-write", ["ok"], "fs.write"],
    ["core-pattern-write", ["ENOENT"], "fs.write"],
    ["sysrq-write", ["ok"], "fs.write"],
    ["interfaces", ["ok", 2, "lo eth0"], "net.none"],
    ["interfaces", ["ok", 0, ""], "net.none"],
    ["interfaces", ["ok", 1, "eth0"], "net.none"],
    ["loopback-up", ["ok", 0], "net.loopback"],
    ["loopback-up", ["EPERM", 1], "net.loopback"],
    ["processes", ["ok", 4], "proc.hidden"],
    ["processes", ["ok", 0], "proc.hidden"],
    ["no-new-privs", ["ok", 0], "priv.escalation"],
    ["no-new-privs", ["EINVAL", 1], "priv.escalation"],
    ["capabilities-effective", ["ok", 1], "priv.escalation"],
    ["capabilities-permitted", ["ok", 0x2000], "priv.escalation"],
    ["capabilities-bounding", ["ok", 0x1ff_ffff_ffff], "priv.escalation"],
    ["unshare-user", ["ok"], "priv.escalation"],
    ["unshare-user", ["ENOSPC"], "priv.escalation"],
    ["seccomp-mode", ["ok", 0], "kernel.syscalls"],
    ["mount", ["ok"], "kernel.syscalls"],
    ["terminal-open", ["ok"], "tty.safe"],
    ["session-leader", ["ok", 0], "tty.safe"],
  ] as const)("finds %s %p to break %s alone", (step, fact, guarantee) => {
    expect(broken({ ...sound, [step]: fact })).toEqual([guarantee]);
  });

  test.each(Object.keys(sound).map((step) => [step]))(
    "finds what %s would have shown broken where it is not reported",
    (step) => {
      const facts = Object.fromEntries(Object.entries(sound).filter(([name]) => name !== step));
      const checks = judgeInside(factsOf(facts), everyGuarantee).filter(({ held }) => !held);
      expect(new Set(checks.map(({ result }) => result))).toEqual(new Set(["not reported"]));
    },
  );

  test("takes one process in /proc for hidden: a job that is the first", () => {
    expect(broken({ ...sound, processes: ["ok", 1] })).toEqual([]);
  });

  test("finds a file that can be read to break two at once", () =>
    expect(broken({ ...sound, "shadow-read": ["ok"] })).toEqual(["fs.read", "fs.metadata"]));

  test("takes interfaces that no socket leads to for none", () => {
    const without = { ...sound, "loopback-up": ["EAFNOSUPPORT"], interfaces: ["ok", 2, "lo eth0"] } as const;
    const checks = judgeInside(factsOf(without), keeping("net.none"));
    expect(checks.map(({ held }) => held)).toEqual([true]);
  });

  test("takes files that rules keep away for such that a root of its own does", () => {
    const denied = { ...sound, "shadow-read": ["EACCES"], "sys-read": ["EACCES"], "root-write": ["EACCES"] } as const;
    const checks = judgeInside(factsOf(denied), keeping("fs.read", "fs.write"));
    expect(checks.filter(({ held }) => !held)).toEqual([]);
  });

  test("leaves a bounding set alone that whoever made the sandbox had no right to", () => {
    const bounded = { ...sound, "capabilities-bounding": ["ok", 1] } as const;
    const by = (capabilities: readonly string[]) =>
      judgeInside(factsOf(bounded), [{ id: "priv.escalation", kept: true, mechanism: "", capabilities }]);
    expect(by(["program.bwrap"]).map(({ held }) => held)).toContain(false);
    expect(by(["landlock.file-system"]).map(({ held }) => held)).not.toContain(false);
  });

  test("takes another kernel's answers for what they are, where the job is said to have one", () => {
    const other = { ...sound, "core-pattern-write": ["ENOENT"], "terminal-open": ["EIO"] } as const;
    expect(judgeInside(factsOf(other), everyGuarantee).filter(({ held }) => !held)).toEqual([]);
    expect(broken(other)).toEqual(["fs.write", "tty.safe"]);
  });

  test("looks at nothing that is not declared kept", () => {
    expect(judgeInside(new Map(), keeping())).toEqual([]);
    const checks = judgeInside(factsOf({ "seccomp-mode": ["ok", 0] }), keeping("tty.safe"));
    expect(checks.map(({ guarantee }) => guarantee)).toEqual(["tty.safe", "tty.safe"]);
  });
});
