/** How much of the machine a job can get: what is there, and what somebody set around this process. */
import { stateDirectories } from "../host/private-directory.ts";
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { readLimitChain, type LimitChain } from "./_control-group-chain.ts";
import { readControlGroupPlaces } from "./_control-group-places.ts";
import { onLinux } from "./_elsewhere.ts";
import { nearestDirectory } from "./_nearest-directory.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { formatBytes } from "./_quantity-words.ts";
import { judgeResourceLimits, softLimitAt } from "./_resource-limits.ts";
import { numberOf, readSetting, settingEvidence } from "./_settings.ts";
import { evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["resource.cpu", "resource.memory", "resource.pids", "resource.disk", "resource.limits"] as const;

/** Below this a job's own files do not fit. */
const leastDiskBytes = 64 * 1024 * 1024;

async function run({ host, helpers }: ProbeContext) {
  const directories = diskPlaces(host);
  const words = Object.entries(directories).map(([name, path]) => `${name}=${path}`);
  const reading = readSteps("resources", await helpers.probe("resources", words, 1000));
  const places = readControlGroupPlaces(host);
  const watching = ["fs.inotify.max_user_watches", "fs.inotify.max_user_instances", "fs.file-max"].map((name) =>
    settingEvidence(readSetting(host, name)),
  );
  return {
    "resource.cpu": judgeProcessors(host, reading, readLimitChain(host, places, "cpu")),
    "resource.memory": judgeMemory(host, readLimitChain(host, places, "memory")),
    "resource.pids": judgeProcesses(host, reading, readLimitChain(host, places, "pids")),
    "resource.disk": judgeDisk(reading, directories),
    "resource.limits": judgeResourceLimits(reading, watching),
  };
}

interface DiskPlaces {
  readonly state: string;
  readonly temporary: string;
  readonly current: string;
}

function diskPlaces(host: Host): DiskPlaces {
  const [state = "/"] = stateDirectories(host);
  return { state: nearestDirectory(host, state), temporary: "/tmp", current: host.directory };
}

/** One bound on a resource: the effective amount is the smallest. */
interface Bound {
  readonly amount: number;
  readonly what: string;
}

function smallest(bounds: readonly (Bound | undefined)[]): Bound | undefined {
  return bounds.filter((bound) => bound !== undefined).toSorted((left, right) => left.amount - right.amount)[0];
}

function chainBound({ tightest }: LimitChain): Bound | undefined {
  return tightest === undefined
    ? undefined
    : { amount: tightest.amount, what: `the limit of the control group ${tightest.directory}` };
}

/** A group that cannot be seen may have a limit that cannot be seen. */
function blindness({ isVisible }: LimitChain): string {
  return isVisible ? "" : "; limits of control groups cannot be seen here";
}

function unreadable(summary: string, evidence: readonly Evidence[]): Finding {
  return finding({ state: "unknown", level: "inferred", summary, evidence });
}

function judgeProcessors(host: Host, reading: Reading, chain: LimitChain): Finding {
  const online = readLine(host, "/sys/devices/system/cpu/online");
  const count = online.ok ? countRange(online.value) : undefined;
  const evidence = [
    { action: "read /sys/devices/system/cpu/online", result: lineOrErrno(online) },
    ...evidenceOf({ ...reading, trouble: undefined }, { processors: "sched_getaffinity(0), processors" }),
    ...chain.evidence,
  ];
  const affinity = valueAt(reading, "processors");
  const bound = smallest([
    count === undefined ? undefined : { amount: count, what: "all that are online" },
    affinity === undefined ? undefined : { amount: affinity, what: "all that this process may run on" },
    chainBound(chain),
  ]);
  if (bound === undefined) return unreadable("how many processors there are cannot be told", evidence);
  const value = Math.round(bound.amount * 100) / 100;
  const noun = value === 1 ? "processor" : "processors";
  const summary = `${value} ${noun}: ${bound.what}${blindness(chain)}`;
  return finding({ state: "works", level: "declared", summary, evidence, value });
}

/** `0-3,8`: cpulist of Documentation/admin-guide/cputopology.rst. */
function countRange(text: string): number | undefined {
  if (!/^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/.test(text)) return undefined;
  const spans = text.split(",").map((part) => part.split("-").map(Number));
  return spans.reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

function judgeMemory(host: Host, chain: LimitChain): Finding {
  const text = host.readText("/proc/meminfo");
  const kibibytes = (name: string): number | undefined => {
    const found = text.ok ? new RegExp(`^${name}:\\s+(\\d{1,15}) kB`, "m").exec(text.value)?.[1] : undefined;
    return found === undefined ? undefined : Number(found) * 1024;
  };
  const [available, total, swap] = [kibibytes("MemAvailable"), kibibytes("MemTotal"), kibibytes("SwapTotal")];
  const told = (amount: number | undefined): string =>
    amount === undefined ? (text.ok ? "not told" : text.errno) : formatBytes(amount);
  const evidence = [
    { action: "read MemAvailable in /proc/meminfo", result: told(available) },
    { action: "read MemTotal", result: told(total) },
    { action: "read SwapTotal", result: told(swap) },
    ...chain.evidence,
  ];
  const bound = smallest([
    available === undefined ? undefined : { amount: available, what: "what the machine has available" },
    chainBound(chain),
  ]);
  if (bound === undefined) return unreadable("how much memory there is cannot be told", evidence);
  const summary = `${formatBytes(bound.amount)}: ${bound.what}${blindness(chain)}`;
  return finding({ state: "works", level: "declared", summary, evidence, value: bound.amount });
}

function judgeProcesses(host: Host, reading: Reading, chain: LimitChain): Finding {
  const settings = ["kernel.pid_max", "kernel.threads-max"].map((name) => readSetting(host, name));
  const perUser = softLimitAt(reading, "limit-nproc");
  const evidence = [
    ...settings.map(settingEvidence),
    { action: "RLIMIT_NPROC, counted per user", result: limitWord(perUser) },
    ...chain.evidence,
  ];
  const bound = smallest([
    ...settings.map((setting) => {
      const amount = numberOf(setting);
      return amount === undefined ? undefined : { amount, what: setting.name };
    }),
    // The kernel exempts root from it (setrlimit(2)).
    perUser === undefined || host.identity.uid === 0
      ? undefined
      : { amount: perUser, what: "RLIMIT_NPROC, shared with all processes of this user" },
    chainBound(chain),
  ]);
  if (bound === undefined || bound.amount === Number.POSITIVE_INFINITY) {
    return unreadable("how many processes there may be cannot be told", evidence);
  }
  const summary = `${bound.amount} processes: ${bound.what}${blindness(chain)}`;
  return finding({ state: "works", level: "declared", summary, evidence, value: bound.amount });
}

function limitWord(limit: number | undefined): string {
  if (limit === undefined) return "not told";
  return limit === Number.POSITIVE_INFINITY ? "unlimited" : String(limit);
}

/** What one statfs(2) said: what is left to this user, which is less than what is free. */
interface Space {
  readonly where: string;
  readonly bytes: number | undefined;
  readonly isTight: boolean;
  readonly evidence: Evidence;
}

/** The text is files left and files in all; a file system that counts none says 0 of 0. */
function readSpace(reading: Reading, name: string, { where, path }: { where: string; path: string }): Space {
  const step = reading.steps.get(`disk-${name}`);
  const action = `statfs ${path}`;
  if (step?.errno !== "ok") {
    return { where, bytes: undefined, isTight: false, evidence: { action, result: step?.errno ?? "not reached" } };
  }
  const [left = "", all = "0"] = step.text.split(" ");
  const isTight = step.value < leastDiskBytes || (all !== "0" && left === "0");
  const result = `${formatBytes(step.value)}, ${left} files more`;
  return { where, bytes: step.value, isTight, evidence: { action, result } };
}

function judgeDisk(reading: Reading, { state, temporary, current }: DiskPlaces): Finding {
  const spaces = [
    readSpace(reading, "state", { where: "for cupel's state", path: state }),
    readSpace(reading, "temporary", { where: "in /tmp", path: temporary }),
    readSpace(reading, "current", { where: "in the current directory", path: current }),
  ];
  const evidence = spaces.map((space) => space.evidence);
  const value = spaces[0]?.bytes;
  if (value === undefined) return { ...notEstablished(reading, "statfs"), evidence };
  const tight = spaces.filter(({ isTight }) => isTight).map(({ where }) => where);
  const told = spaces.flatMap(({ bytes, where }) => (bytes === undefined ? [] : [`${formatBytes(bytes)} ${where}`]));
  const parts = { level: "declared", evidence, value } as const;
  const summary = `free: ${told.join(", ")}`;
  return tight.length === 0
    ? finding({ ...parts, state: "works", summary })
    : finding({ ...parts, state: "degraded", summary: `too little ${tight.join(" and ")}; ${summary}` });
}

/** Probe `resources`. */
export default defineProbe({
  id: "resources",
  area: "host",
  capabilities: {
    "resource.cpu": "Processors",
    "resource.memory": "Memory",
    "resource.pids": "Processes",
    "resource.disk": "Free disk",
    "resource.limits": "Resource limits",
  },
  deadlineMs: 2000,
  run: onLinux(ids, run),
});
