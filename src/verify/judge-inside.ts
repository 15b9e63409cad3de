/** Holds what the prober saw inside a sandbox against what the strategy declares. Pure. */
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";

/** What the prober said, by step. */
export type InsideFacts = ReadonlyMap<
  string,
  { readonly errno: string; readonly value: number; readonly text: string }
>;

/** One fact held against one guarantee. */
export interface InsideCheck {
  readonly guarantee: GuaranteeId;
  readonly action: string;
  readonly result: string;
  readonly held: boolean;
}

type Fact = NonNullable<ReturnType<InsideFacts["get"]>>;

interface Expectation {
  readonly guarantee: GuaranteeId;
  readonly step: string;
  readonly action: string;
  readonly isHeld: (fact: Fact, facts: InsideFacts) => boolean;
  /** What holds as well on a kernel that is not the host's, and has other answers to the same. */
  readonly onOtherKernel?: Expectation["isHeld"];
  /** Only where the mechanism stands on one of these: elsewhere the caller cannot have it. */
  readonly onlyBy?: readonly string[] | undefined;
}

const fails = (...errnos: readonly string[]): Expectation["isHeld"] => {
  return ({ errno }) => errnos.includes(errno);
};
const is = (value: number): Expectation["isHeld"] => {
  return (fact) => fact.errno === "ok" && fact.value === value;
};

/** The job's first process, the prober, and the child that it looks with. */
const processesMax = 3;

/** Only lo, or no way to make a socket that would lead anywhere. */
const hasNoWayOut: Expectation["isHeld"] = ({ text }, facts) =>
  text.trim() === "lo" || facts.get("loopback-up")?.errno === "EAFNOSUPPORT";

/** What gives a process the right to change its bounding set; without that right nothing in the set can be gained. */
const withRights = ["userns.capable", "privilege.drop-identity", "program.bwrap"];

/** What must be seen where a guarantee is declared kept. */
const expectations: readonly Expectation[] = [
  { guarantee: "fs.read", step: "shadow-read", action: "open /etc/shadow to read", isHeld: fails("ENOENT", "EACCES") },
  { guarantee: "fs.read", step: "sys-read", action: "open /sys to read", isHeld: fails("ENOENT", "EACCES") },
  { guarantee: "fs.metadata", step: "shadow-read", action: "look for /etc/shadow", isHeld: fails("ENOENT") },
  { guarantee: "fs.write", step: "root-write", action: "create a file in /", isHeld: fails("EROFS", "EACCES") },
  {
    guarantee: "fs.write",
    step: "core-pattern-write",
    action: "open /proc/sys/kernel/core_pattern to write",
    isHeld: fails("EROFS", "EACCES"),
    onOtherKernel: fails("ENOENT"),
  },
  {
    guarantee: "fs.write",
    step: "sysrq-write",
    action: "open /proc/sysrq-trigger to write",
    isHeld: fails("EROFS", "EACCES", "ENOENT"),
  },
  {
    guarantee: "net.none",
    step: "interfaces",
    action: "list network interfaces",
    isHeld: hasNoWayOut,
  },
  {
    guarantee: "net.loopback",
    step: "loopback-up",
    action: "look whether lo is up",
    isHeld: ({ errno, value }) => errno === "ok" && value !== 0,
  },
  {
    guarantee: "proc.hidden",
    step: "processes",
    action: "count processes in /proc",
    isHeld: ({ value }) => value > 0 && value <= processesMax,
  },
  { guarantee: "priv.escalation", step: "no-new-privs", action: "read no_new_privs", isHeld: is(1) },
  {
    guarantee: "priv.escalation",
    step: "capabilities-effective",
    action: "read the effective capabilities",
    isHeld: is(0),
  },
  {
    guarantee: "priv.escalation",
    step: "capabilities-permitted",
    action: "read the permitted capabilities",
    isHeld: is(0),
  },
  {
    guarantee: "priv.escalation",
    step: "capabilities-bounding",
    action: "read the bounding set",
    isHeld: is(0),
    onlyBy: withRights,
  },
  { guarantee: "priv.escalation", step: "unshare-user", action: "make a user namespace", isHeld: fails("EPERM") },
  { guarantee: "kernel.syscalls", step: "seccomp-mode", action: "read the seccomp mode", isHeld: is(2) },
  { guarantee: "kernel.syscalls", step: "mount", action: "mount a tmpfs", isHeld: fails("EPERM") },
  {
    guarantee: "tty.safe",
    step: "terminal-open",
    action: "open /dev/tty",
    isHeld: fails("ENXIO"),
    onOtherKernel: fails("EIO"),
  },
  { guarantee: "tty.safe", step: "session-leader", action: "look whether the job leads its session", isHeld: is(1) },
];

/** One check for each expectation whose guarantee is declared kept. A fact that was not reported was not held. */
export function judgeInside(facts: InsideFacts, decisions: readonly GuaranteeDecision[]): InsideCheck[] {
  const kept = new Map(decisions.flatMap((one) => (one.kept ? [[one.id, one.capabilities] as const] : [])));
  return expectations
    .filter(({ guarantee, onlyBy }) => {
      const capabilities = kept.get(guarantee);
      return capabilities !== undefined && (onlyBy?.some((id) => capabilities.includes(id)) ?? true);
    })
    .map(({ guarantee, step, action, isHeld, onOtherKernel }) => {
      const fact = facts.get(step);
      const result = fact === undefined ? "not reported" : describe(fact);
      const ways = kept.has("kernel.boundary") ? [isHeld, onOtherKernel] : [isHeld];
      return { guarantee, action, result, held: fact !== undefined && ways.some((way) => way?.(fact, facts)) };
    });
}

function describe({ errno, value, text }: { errno: string; value: number; text: string }): string {
  if (errno !== "ok") return errno;
  return text === "" ? String(value) : text;
}
