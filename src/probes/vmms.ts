/** Virtual machine monitors: present, and what they say of themselves. What they can do here, their strategies try. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { oneLine } from "./_host-text.ts";
import { machineName } from "./_machine-name.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

/** Programs by capability: names in PATH, places besides, and for each question what makes the program answer it. */
interface Monitor {
  readonly names: readonly string[];
  readonly places?: readonly string[];
  readonly questions?: Readonly<Record<string, readonly string[]>>;
}

const version = ["--version"] as const;

const monitors = {
  "vmm.qemu": {
    names: ["qemu-system-MACHINE"],
    questions: { accelerators: ["-accel", "help"], machines: ["-machine", "help"] },
  },
  "vmm.firecracker": { names: ["firecracker"] },
  "vmm.cloud-hypervisor": { names: ["cloud-hypervisor"] },
  "vmm.crosvm": { names: ["crosvm"] },
  "vmm.krun": { names: ["krun", "krunvm"] },
  "vmm.virtiofsd": {
    names: ["virtiofsd"],
    places: ["/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/libexec/qemu/virtiofsd"],
  },
} as const satisfies Readonly<Record<string, Monitor>>;

type Id = keyof typeof monitors;

const ids = Object.keys(monitors) as Id[];

/** QEMU links a hundred libraries: its first start from a cold disk takes seconds. */
const answerDeadlineMs = 5000;

async function run(context: ProbeContext) {
  const found = await Promise.all(ids.map(async (id) => [id, await probeMonitor(context, monitors[id])] as const));
  const findings = Object.fromEntries(found) as Record<Id, Finding>;
  return findingsFor(ids, (id) => findings[id]);
}

async function probeMonitor({ host }: ProbeContext, monitor: Monitor): Promise<Finding> {
  const names = monitor.names.map((name) => name.replace("MACHINE", machineName(host)));
  const beside = (monitor.places ?? []).filter((place) => host.status(place).ok);
  const path = [...names.flatMap((name) => host.findPrograms(name)), ...beside][0];
  const evidence: Evidence[] = [{ action: `look for ${names.join(", ")}`, result: path ?? "not there" }];
  if (path === undefined) {
    const detail = `no ${names.join(" or ")} in PATH`;
    const blockers = [{ code: "package-missing", detail }] as const;
    return finding({ state: "absent", level: "exercised", summary: "not installed", evidence, blockers });
  }
  const questions = Object.entries({ version, ...monitor.questions });
  const answers = await Promise.all(
    questions.map(async ([name, words]) => ({
      name,
      words,
      result: await host.run(path, words, { deadlineMs: answerDeadlineMs }),
    })),
  );
  for (const { words, result } of answers)
    evidence.push({ action: `run ${path} ${words.join(" ")}`, result: describe(result) });
  return judgeAnswers(path, Object.fromEntries(answers.map(({ name, result }) => [name, result])), evidence);
}

function judgeAnswers(
  path: string,
  answers: Readonly<Record<string, ProgramResult>>,
  evidence: readonly Evidence[],
): Finding {
  const said = answers["version"];
  const results = Object.values(answers);
  if (results.some(({ status }) => status === "timeout")) {
    const summary = `${path} did not answer in ${answerDeadlineMs} ms`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const line = said === undefined ? "" : oneLine(outputOf(said));
  const refusal = said === undefined ? undefined : findRefusal(path, said);
  if (refusal !== undefined) return refuse(refusal, evidence);
  if (!/\d/.test(line)) {
    const summary = `${path} does not say its version`;
    return finding({ state: "broken", level: "exercised", summary, evidence });
  }
  const { accelerators, machines } = answers;
  const more = accelerators === undefined || machines === undefined ? "" : describeQemu(accelerators, machines);
  const summary = `${path}: ${line}${more}; present, what it can do here was not tried`;
  return finding({ state: "works", level: "declared", summary, evidence, value: path });
}

/** Some, such as QEMU's own virtiofsd, give up privileges before they read their arguments, and cannot as a user. */
function findRefusal(path: string, said: ProgramResult): string | undefined {
  if (said.status !== "exited" || said.code === 0 || !said.stderr.includes("Operation not permitted")) return undefined;
  return `${path} wants privileges even to say its version: ${oneLine(said.stderr)}`;
}

function refuse(detail: string, evidence: readonly Evidence[]): Finding {
  const blockers = [{ code: "capability", detail }] as const;
  return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
}

/** `-accel help` lists what was built in, whether or not this machine has it. */
function describeQemu(accelerators: ProgramResult, machines: ProgramResult): string {
  const hasKvm = /^kvm$/m.test(outputOf(accelerators));
  const hasSmallMachine = /^microvm\b/m.test(outputOf(machines));
  return `; built ${hasKvm ? "with" : "without"} KVM, ${hasSmallMachine ? "with" : "without"} the machine microvm`;
}

function outputOf(result: ProgramResult): string {
  if (result.status !== "exited" || result.code !== 0) return "";
  return result.stdout.trim() === "" ? result.stderr : result.stdout;
}

function describe(result: ProgramResult): string {
  if (result.status === "timeout") return `no end after ${Math.round(result.durationMs)} ms; killed`;
  if (result.status === "not-started") return result.errno;
  // A list has its title in the first line.
  const line =
    oneLine(result.stdout.replace(/^Accelerators .*\n|^Supported .*\n/, "").replaceAll("\n", " ")) ||
    oneLine(result.stderr);
  return `${result.signal ?? `exit ${result.code ?? "unknown"}`}${line === "" ? "" : `: ${line}`}`;
}

/** Probe `vmms`: slow, for no quick probe may start QEMU three times. */
export default defineProbe({
  id: "vmms",
  area: "programs",
  pace: "slow",
  capabilities: {
    "vmm.qemu": "QEMU as a monitor",
    "vmm.firecracker": "Firecracker",
    "vmm.cloud-hypervisor": "Cloud Hypervisor",
    "vmm.crosvm": "crosvm",
    "vmm.krun": "libkrun (krun)",
    "vmm.virtiofsd": "virtiofsd",
  },
  deadlineMs: 6000,
  run: onLinux(ids, run),
});
