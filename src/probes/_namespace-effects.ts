/** What each kind of namespace is for, seen in the prober: the same act outside and inside, and what came of it. */
import type { Finding } from "../model/capability.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, type Reading } from "./_steps.ts";

interface Effect {
  readonly summary: string;
  readonly words: Readonly<Record<string, string>>;
  /** Steps without which nothing can be said: the control outside, the way in, what has to be set up there. */
  readonly needed: readonly string[];
  /** Steps that show the effect. */
  readonly shown: Readonly<Record<string, string>>;
}

/** By the prober's names for the kinds. */
const effects = {
  mount: {
    summary: "a mount in it is seen by nobody outside",
    words: {
      "mount-enter": "a mount namespace of its own",
      "mount-set": "mount tmpfs over / in it",
      "mount-inside": "whether / is another inside",
      "mount-outside": "whether / is as before outside",
    },
    needed: ["mount-enter", "mount-set"],
    shown: { "mount-inside": "ok", "mount-outside": "ok" },
  },
  pid: {
    summary: "its first process is 1 and reaches none outside",
    words: {
      "pid-control": "signal a process outside before",
      "pid-enter": "a PID namespace of its own",
      "pid-inside": "whether its first process is 1",
      "pid-denied": "signal the process outside from it",
    },
    needed: ["pid-control", "pid-enter"],
    shown: { "pid-inside": "ok", "pid-denied": "ESRCH" },
  },
  ipc: {
    summary: "shared memory outside is not there inside",
    words: {
      "ipc-enter": "an IPC namespace of its own",
      "ipc-control": "look at a System V segment in it",
      "ipc-denied": "look at it from a second one",
    },
    needed: ["ipc-enter", "ipc-control"],
    shown: { "ipc-denied": "EINVAL" },
  },
  uts: {
    summary: "a host name set in it is not seen outside",
    words: {
      "uts-enter": "a UTS namespace of its own",
      "uts-set": "set a host name in it",
      "uts-inside": "whether it is set inside",
      "uts-outside": "whether the one outside is as before",
    },
    needed: ["uts-enter", "uts-set"],
    shown: { "uts-inside": "ok", "uts-outside": "ok" },
  },
  cgroup: {
    summary: "its own group is the root of what it sees",
    words: {
      "cgroup-before": "whether every own group is a root before",
      "cgroup-enter": "a control group namespace of its own",
      "cgroup-inside": "whether every own group is a root inside",
    },
    needed: ["cgroup-enter"],
    shown: { "cgroup-inside": "ok" },
  },
  network: {
    summary: "its loopback works, and no listener and no address outside is reached",
    words: {
      "network-control": "connect to a listener outside before",
      "network-enter": "a network namespace of its own",
      "network-up": "bring lo up in it",
      "network-denied": "connect to the listener outside",
      "network-nowhere": "look for a route to 192.0.2.1",
      "network-loopback": "connect to a listener of its own",
    },
    needed: ["network-control", "network-enter", "network-up"],
    shown: { "network-denied": "ECONNREFUSED", "network-nowhere": "ENETUNREACH", "network-loopback": "ok" },
  },
  time: {
    summary: "a clock moved in it is as before outside",
    words: {
      "time-enter": "a time namespace of its own",
      "time-set": "move its monotonic clock",
      "time-inside": "whether it is moved inside",
      "time-outside": "whether the one outside is as before",
    },
    needed: ["time-enter", "time-set"],
    shown: { "time-inside": "ok", "time-outside": "ok" },
  },
} as const satisfies Readonly<Record<string, Effect>>;

/** A kind of namespace whose effect is tried. */
export type EffectKind = keyof typeof effects;

/** What became of an effect: seen, seen to be missing, or not to be told here. */
function judge(reading: Reading, effect: Effect): "shown" | "missing" | "cannot-tell" {
  if (effect.needed.some((step) => errnoAt(reading, step) !== "ok")) return "cannot-tell";
  const steps = Object.entries(effect.shown);
  if (steps.every(([step, errno]) => errnoAt(reading, step) === errno)) return "shown";
  return steps.some(([step, errno]) => isContrary(errnoAt(reading, step), errno)) ? "missing" : "cannot-tell";
}

/** What should be denied and is not, or what is looked at and is otherwise (EIO); another errno says neither. */
function isContrary(found: string | undefined, expected: string): boolean {
  return found === (expected === "ok" ? "EIO" : "ok");
}

/** The finding of a namespace that was made, with what was seen of its effect; without an effect it is none. */
export function withEffect(made: Finding, reading: Reading, kind: EffectKind): Finding {
  const effect: Effect = effects[kind];
  const seen = evidenceOf({ ...reading, trouble: undefined }, effect.words);
  const evidence = [...made.evidence, ...seen];
  const verdict = judge(reading, effect);
  if (made.state !== "works" || verdict === "cannot-tell") return { ...made, evidence };
  if (verdict === "shown")
    return { ...made, level: "enforced", summary: `${made.summary}; ${effect.summary}`, evidence };
  return finding({
    state: "broken",
    level: "exercised",
    summary: `made, but it does not keep apart what it should: ${seen.map(({ action, result }) => `${action}: ${result}`).join("; ")}`,
    evidence,
  });
}

/** Time namespaces, which no launch makes: time_namespaces(7), Linux 5.6, CONFIG_TIME_NS. */
export async function judgeTimeNamespace(context: ProbeContext, reading: Reading): Promise<Finding> {
  const { summary, words } = effects.time;
  const evidence = evidenceOf(reading, words);
  const entered = errnoAt(reading, "time-enter");
  if (entered === undefined) return { ...notEstablished(reading, words["time-enter"]), evidence };
  if (entered === "EINVAL") {
    const detail = "this kernel has no time namespaces: they came with Linux 5.6, and need CONFIG_TIME_NS (EINVAL)";
    const blockers = [{ code: "kernel-config", detail }] as const;
    return finding({ state: "absent", level: "exercised", summary: detail, evidence, blockers });
  }
  if (entered !== "ok") return judgeStep(context, { step: "clone", errno: entered }, evidence);
  const verdict = judge(reading, effects.time);
  if (verdict === "shown") return finding({ state: "works", level: "enforced", summary, evidence });
  if (errnoAt(reading, "time-inside") === undefined)
    return { ...notEstablished(reading, words["time-inside"]), evidence };
  const moved = errnoAt(reading, "time-set");
  const said = moved === "ok" ? "the clock is not moved, or not in it alone" : `its clock cannot be moved (${moved})`;
  return finding({
    state: moved === "ok" ? "broken" : "degraded",
    level: "exercised",
    summary: `made, but ${said}`,
    evidence,
  });
}
