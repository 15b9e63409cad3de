/** gVisor: a kernel of its own in user space. Its own word for itself is taken for nothing: /proc/version inside tells. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { oneLine } from "./_host-text.ts";
import { isWhole, parseInside } from "./_inside.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { type SaidVersion, askVersion, behind, endedWell, findProgram, ifRoot, installed } from "./_program.ts";
import { errnoAt, type Reading } from "./_steps.ts";

const deadlineMs = 6000;

async function run(context: ProbeContext) {
  const { host } = context;
  const version = await askVersion(host, findProgram(host, "runsc"));
  if (!version.ok) return { "program.runsc": version.finding, "gvisor.run": behind(version.finding) };
  const program = installed(version, "gvisor.run");
  const found = host.realPath(version.path);
  return {
    // A sandbox shows a file, and no link to one.
    "program.runsc": found.ok ? { ...program, value: found.value } : program,
    "gvisor.run": await exercise(context, version),
  };
}

async function exercise(context: ProbeContext, version: Extract<SaidVersion, { ok: true }>): Promise<Finding> {
  const [root, place] = await Promise.all([
    context.helpers.root(),
    context.helpers.place("gvisor", { canary: "cupel\n", "run/": "" }),
  ]);
  if (!root.ok || !place.ok) {
    const reason = root.ok ? (place.ok ? "" : place.reason) : root.reason;
    const evidence = [...version.evidence, { action: "make a place for the prober", result: reason }];
    return finding({ state: "unknown", level: "inferred", summary: `could not be tried: ${reason}`, evidence });
  }
  const isRoot = context.host.identity.uid === 0;
  const flags = [...(isRoot ? [] : ["--rootless"]), "--network=none", "--ignore-cgroups"];
  const words = ["--root", `${place.path}/run`, ...flags, "do", `${root.path}/prober`, "inside"];
  const canaries = [`read=${place.path}/canary`, "line=/proc/version", "kernel-log", "automount"];
  const [outside, flagsText, result] = await Promise.all([
    lookOutside(context, ["line=/proc/version"]),
    context.host.run(version.path, ["flags"], { deadlineMs: 1500 }),
    context.helpers.keep(version.path, [...words, ...canaries], {
      deadlineMs,
      controlGroups: ifRoot(context.host, "covered"),
    }),
  ]);
  const platform = endedWell(flagsText) ? parsePlatform(flagsText.stdout + flagsText.stderr) : undefined;
  const engine: EngineRun = {
    name: "runsc",
    action: `runsc ${flags.join(" ")} do prober`,
    result,
    // Its /proc shows the namespaces of its own kernel, whose numbers say nothing about ours.
    namespaces: [],
    lacks: findLack,
    evidence: [
      ...version.evidence,
      { action: "platforms, by `runsc flags`", result: platform?.all ?? "not told" },
      ...kernelEvidence(outside, result),
    ],
    summary: (inside) =>
      `ran on a kernel of its own${platform === undefined ? "" : ` (${platform.chosen})`}, without a network; control groups were ignored${describeGap(inside)}`,
  };
  const judged = judgeIsolation(engine, outside);
  if (judged === undefined) return judgeEngineFailure(context, engine);
  return judged.state === "works" ? { ...judged, value: platform?.chosen } : judged;
}

/** How a job's system calls are caught (gvisor.dev, "Platforms"), by the line that tells the flag's values. Pure. */
export function parsePlatform(flags: string): { readonly chosen: string; readonly all: string } | undefined {
  const line = /^\s*-platform string\n\s*(.*)$/m.exec(flags)?.[1];
  const chosen = /\(default "(\w+)"\)/.exec(line ?? "")?.[1];
  return line === undefined || chosen === undefined ? undefined : { chosen, all: oneLine(line, 160) };
}

function textAt(reading: Reading, step: string): string {
  return oneLine(reading.steps.get(step)?.text.replaceAll("?", " ") ?? "", 120);
}

function kernelEvidence(outside: Reading, result: ProgramResult): Evidence[] {
  const inside = parseInside(result.status === "not-started" ? "" : result.stdout);
  if (!isWhole(inside)) return [];
  return [
    { action: "/proc/version outside", result: textAt(outside, "line") },
    { action: "/proc/version inside", result: textAt(inside, "line") },
    { action: "the kernel's log inside", result: textAt(inside, "kernel-log") || "not readable" },
  ];
}

/** Debian 12's release does not know the flag that coreutils ask with, and nothing outside of it can make up for that. */
function describeGap(inside: Reading): string {
  const errno = errnoAt(inside, "automount");
  return errno === "EINVAL" ? "; ls(1) and stat(1) fail on it (statx with AT_NO_AUTOMOUNT: EINVAL)" : "";
}

/** The kernel of its own is what it is for: the same version string inside as outside is the same kernel. */
function findLack(inside: Reading, outside: Reading): string | undefined {
  if (errnoAt(inside, "read") !== "ok") return `what should be visible cannot be read (${errnoAt(inside, "read")})`;
  const own = textAt(inside, "line");
  if (own === "" || own === textAt(outside, "line")) return "the kernel inside is the one outside";
  if (!/gvisor/i.test(`${own} ${textAt(inside, "kernel-log")}`)) return "the kernel inside is not gVisor's";
  const interfaces = inside.steps.get("interfaces")?.text ?? "";
  return ["", "lo"].includes(interfaces) ? undefined : `it has the interfaces ${interfaces}`;
}

/** Probe `gvisor`. */
export default defineProbe({
  id: "gvisor",
  area: "programs",
  capabilities: { "program.runsc": "gVisor (runsc)", "gvisor.run": "A job on gVisor's kernel" },
  pace: "slow",
  deadlineMs: 12_000,
  run: onLinux(["program.runsc", "gvisor.run"], run),
});
