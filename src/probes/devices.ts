/** Devices that programs take for granted, terminals, and loop devices. */
import type { Blocker, Finding } from "../model/capability.ts";
import { askDevice, type Question } from "./_ask-device.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt } from "./_steps.ts";

const ids = ["device.basics", "device.terminals", "device.loop"] as const;

/** Major 1 (Documentation/admin-guide/devices.txt), as the prober packs it: major and minor in one number. */
const memoryMinors = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 } as const;

const behaviour = {
  "null-write": { words: "write to /dev/null", errno: "ok" },
  "null-read": { words: "read /dev/null: nothing", errno: "ok", value: 0 },
  "zero-read": { words: "read /dev/zero: zeros", errno: "ok" },
  "full-write": { words: "write to /dev/full", errno: "ENOSPC" },
  "urandom-read": { words: "read /dev/urandom twice: never the same", errno: "ok" },
} as const;

async function run(context: ProbeContext) {
  const [basics, terminals, loop] = await Promise.all([
    probeBasics(context),
    askDevice(context, terminal),
    askDevice(context, loopControl),
  ]);
  return { "device.basics": basics, "device.terminals": terminals, "device.loop": loop };
}

async function probeBasics({ helpers }: ProbeContext): Promise<Finding> {
  const reading = readSteps("device", await helpers.probe("device", ["basics"], 2000));
  const numbers = Object.keys(memoryMinors).map((name) => [`${name}-number`, `device number of /dev/${name}`]);
  const acts = Object.entries(behaviour).map(([step, { words }]) => [step, words]);
  const evidence = evidenceOf(reading, Object.fromEntries([...numbers, ...acts]));
  if (errnoAt(reading, "urandom-read") === undefined) return { ...notEstablished(reading, "basic devices"), evidence };
  const strange = Object.entries(memoryMinors).flatMap(([name, minor]) => {
    const number = valueAt(reading, `${name}-number`);
    if (number === ((1 << 20) | minor)) return [];
    return [errnoAt(reading, `${name}-number`) === "ENOENT" ? `no /dev/${name}` : `/dev/${name} is something else`];
  });
  const wrong = Object.entries(behaviour).flatMap(([step, expected]) => {
    const found = reading.steps.get(step);
    const isRight = found?.errno === expected.errno && (!("value" in expected) || found.value === expected.value);
    return isRight ? [] : [`${expected.words}: ${found?.errno ?? "not reached"}`];
  });
  if (strange.length + wrong.length === 0) {
    const summary = "null, zero, full, random and urandom are the kernel's own and behave so";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  const blockers: Blocker[] = [...strange, ...wrong].map((detail) => ({ code: codeOf(detail), detail }));
  return finding({
    state: "broken",
    level: "exercised",
    summary: [...strange, ...wrong].join("; "),
    evidence,
    blockers,
  });
}

function codeOf(detail: string): Blocker["code"] {
  return detail.startsWith("no /dev/") ? "device-missing" : "unknown";
}

const terminal: Question = {
  device: {
    path: "/dev/ptmx",
    what: "pseudoterminals",
    registeredAs: { file: "/proc/devices", names: ["/dev/ptmx"] },
  },
  kind: "terminal",
  words: { unlock: "TIOCSPTLCK" },
  ask: "TIOCGPTPEER, and a line from one end to the other",
  judge: (_, evidence) =>
    finding({ state: "works", level: "exercised", summary: "a pseudoterminal carries a line", evidence }),
};

/** Opened and no more: a loop device is the whole machine's. */
const loopControl: Question = {
  device: {
    path: "/dev/loop-control",
    what: "loop devices",
    registeredAs: { file: "/proc/misc", names: ["loop-control"] },
    module: "loop",
  },
  kind: "open",
  judge: (_, evidence) =>
    finding({ state: "works", level: "opened", summary: "opened; no loop device was made", evidence }),
};

/** Probe `devices`. */
export default defineProbe({
  id: "devices",
  area: "devices",
  capabilities: {
    "device.basics": "Basic devices",
    "device.terminals": "Pseudoterminals",
    "device.loop": "Loop devices",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
