/** OCI runtimes, each with a container as small as can be: what an engine above them will ask for. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { containerName } from "./_container-name.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { renderBundle } from "./_oci-bundle.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { type SaidVersion, askVersion, behind, endedWell, findProgram, ifRoot, installed } from "./_program.ts";
import { valueAt, type Reading } from "./_steps.ts";

const deadlineMs = 5000;

/** Runtimes that run a bundle, with what each takes before `run`. */
const runtimes = {
  // Root goes on without control groups only then.
  runc: { ids: ["program.runc", "runc.run"], flags: ["--rootless=true"] },
  // Else it looks for control groups to make, also where none are asked for.
  crun: { ids: ["program.crun", "crun.run"], flags: ["--cgroup-manager=disabled"] },
  youki: { ids: ["program.youki", "youki.run"], flags: [] },
} as const;

type Runtime = keyof typeof runtimes;

const names = Object.keys(runtimes) as Runtime[];

const ids = [
  "program.runc",
  "program.crun",
  "program.youki",
  "program.kata-runtime",
  "runc.run",
  "crun.run",
  "youki.run",
] as const;

async function run(context: ProbeContext) {
  const found = new Map<string, Finding>();
  await Promise.all([
    ...names.map(async (name) => {
      const [program, runs] = await probeRuntime(context, name);
      found.set(runtimes[name].ids[0], program).set(runtimes[name].ids[1], runs);
    }),
    probeKata(context).then((kata) => found.set("program.kata-runtime", kata)),
  ]);
  return findingsFor(ids, (id) => found.get(id) as Finding);
}

/** `kata-runtime check` may load modules and start a virtual machine: what it can do, its strategy will try. */
async function probeKata({ host }: ProbeContext): Promise<Finding> {
  const version = await askVersion(host, findProgram(host, "kata-runtime"));
  return version.ok ? installed(version, "not tried") : version.finding;
}

async function probeRuntime(context: ProbeContext, name: Runtime): Promise<readonly [Finding, Finding]> {
  const version = await askVersion(context.host, findProgram(context.host, name));
  if (!version.ok) return [version.finding, behind(version.finding)];
  const features = await askFeatures(context, version.path);
  const program = installed(version, `${name}.run`);
  return [{ ...program, evidence: [...program.evidence, features] }, await exercise(context, name, version)];
}

/** `features` (runtime-spec, features.md) came with runc 1.1 and crun 1.9. What it says is said, not done. */
async function askFeatures({ host }: ProbeContext, path: string): Promise<Evidence> {
  const result = await host.run(path, ["features"], { deadlineMs: 1000 });
  return { action: `${path} features`, result: endedWell(result) ? describeFeatures(result.stdout) : "not offered" };
}

function describeFeatures(text: string): string {
  const newest = /"ociVersionMax":\s*"([\w.+-]{1,40})"/.exec(text)?.[1];
  const kinds = ["seccomp", "apparmor", "selinux", "idmap"].filter((word) => text.includes(`"${word}`));
  return newest === undefined ? "not understood" : `OCI ${newest}; knows of ${kinds.join(", ") || "none of ours"}`;
}

async function exercise(
  context: ProbeContext,
  name: Runtime,
  version: Extract<SaidVersion, { ok: true }>,
): Promise<Finding> {
  const { host, helpers } = context;
  const root = await helpers.root();
  if (!root.ok) return notTried(root.reason);
  const files = { "config.json": renderBundle(root.path, host.identity), "run/": "" };
  const bundle = await helpers.place(name, files);
  if (!bundle.ok) return notTried(bundle.reason);
  const before = [...runtimes[name].flags, "--root", `${bundle.path}/run`];
  const container = containerName();
  const isRoot = host.identity.uid === 0;
  const options = { deadlineMs, controlGroups: ifRoot(host, "covered") };
  const words = [...before, "run", "--bundle", bundle.path, container];
  const [outside, result] = await Promise.all([lookOutside(context), helpers.keep(version.path, words, options)]);
  if (!endedWell(result)) await helpers.keep(version.path, [...before, "delete", "--force", container], options);
  const engine = describeRun(name, version, result, isRoot);
  return judgeIsolation(engine, outside) ?? judgeEngineFailure(context, engine);
}

function describeRun(
  name: Runtime,
  version: Extract<SaidVersion, { ok: true }>,
  result: ProgramResult,
  isRoot: boolean,
): EngineRun {
  const manner = isRoot ? "as root, its control groups out of reach" : "rootless";
  return {
    name,
    action: `${name} run (a bundle with the prober, ${manner})`,
    result,
    namespaces: ["pid", "mount", "ipc", "uts", "network", ...(isRoot ? [] : ["user" as const])],
    lacks: findLack,
    evidence: version.evidence,
    summary: () => `ran a container ${manner}, alone, with a filter and no way to gain privileges`,
  };
}

/** prctl(2): 2 is a filter. */
function findLack(inside: Reading): string | undefined {
  if (valueAt(inside, "no-new-privs") !== 1) return "no_new_privs is not set";
  if (valueAt(inside, "seccomp-mode") !== 2) return "no system call filter is loaded";
  return valueAt(inside, "capabilities-effective") === 0 ? undefined : "capabilities are left";
}

function notTried(reason: string): Finding {
  return finding({
    state: "unknown",
    level: "inferred",
    summary: `could not be tried: ${reason}`,
    evidence: [{ action: "make a bundle", result: reason }],
  });
}

/** Probe `oci-runtimes`. */
export default defineProbe({
  id: "oci-runtimes",
  area: "programs",
  capabilities: {
    "program.runc": "runc",
    "program.crun": "crun",
    "program.youki": "youki",
    "program.kata-runtime": "Kata Containers",
    "runc.run": "A container by runc",
    "crun.run": "A container by crun",
    "youki.run": "A container by youki",
  },
  pace: "slow",
  deadlineMs: 15_000,
  run: onLinux(ids, run),
});
