/** NVIDIA's driver: the kernel's part, the libraries' part, and whether they are of one version. */
import type { Host, ProgramResult } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { askDevice, type Question } from "./_ask-device.ts";
import { lineOrErrno, oneLine, readLine } from "./_host-text.ts";
import { finding, type ProbeContext } from "./_probe.ts";

const versionPath = "/proc/driver/nvidia/version";

/** nvidia-smi wakes every card that sleeps, which takes seconds each. */
const listDeadlineMs = 10_000;

const libraryPlaces = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/nvidia/lib64",
  "/usr/lib/wsl/lib",
  "/run/opengl-driver/lib",
];

/** 535.104.05 out of "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023". */
export function parseDriverVersion(line: string): string | undefined {
  return /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(line)?.[1];
}

/** Whether this kernel has the driver. */
export function hasNvidiaDriver(host: Host): boolean {
  return host.status(versionPath).ok;
}

const control: Question = {
  device: {
    path: "/dev/nvidiactl",
    what: "NVIDIA's driver",
    registeredAs: { file: "/proc/devices", names: ["nvidia-frontend", "nvidiactl", "nvidia"] },
    explainMissing: (host) => ({
      code: "device-missing",
      detail: hasNvidiaDriver(host)
        ? "the kernel has NVIDIA's driver, but /dev/nvidiactl is not in this /dev"
        : "no /dev/nvidiactl: no NVIDIA driver",
    }),
  },
  kind: "nvidia",
  ask: "NV_ESC_CHECK_VERSION_STR",
  judge: (reading, evidence) => {
    const version = reading.steps.get("ask")?.text ?? "";
    const summary = `the driver ${version} answers`;
    return finding({ state: "works", level: "exercised", summary, evidence, value: version });
  },
};

/** The control device first; where it answers, the libraries' version, and the cards by nvidia-smi. */
export async function probeDriver(context: ProbeContext): Promise<Finding> {
  const { host } = context;
  const line = readLine(host, versionPath);
  const seen: Evidence = { action: `read ${versionPath}`, result: lineOrErrno(line) };
  const asked = await askDevice(context, control);
  const answered: Finding = { ...asked, evidence: [seen, ...asked.evidence] };
  if (asked.state !== "works") return answered;
  const loaded = String(asked.value ?? "") || (line.ok ? parseDriverVersion(line.value) : undefined) || "unknown";
  const library = findLibrary(host);
  const evidence = [...answered.evidence, { action: "look for libnvidia-ml.so", result: library ?? "not there" }];
  if (library !== undefined && library !== loaded) return mismatch(loaded, library, evidence);
  return listCards(host, { ...answered, evidence }, library === undefined ? "; no library of it is installed" : "");
}

/** "libnvidia-ml.so.535.104.05": the driver's version is in the name. */
function findLibrary(host: Host): string | undefined {
  for (const place of libraryPlaces) {
    const names = host.list(place);
    if (!names.ok) continue;
    const versions = names.value.map((name) => /^libnvidia-ml\.so\.(\d+\.\d[\d.]*)$/.exec(name)?.[1]);
    const found = versions.find((version) => version !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function mismatch(loaded: string, library: string, evidence: readonly Evidence[]): Finding {
  const detail = `the kernel runs the driver ${loaded}, the libraries are of ${library}: they refuse each other until the next boot`;
  const blockers: Blocker[] = [{ code: "package-version", detail }];
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers });
}

async function listCards(host: Host, answered: Finding, remark: string): Promise<Finding> {
  const [program] = host.findPrograms("nvidia-smi");
  const summary = `${answered.summary}${remark}`;
  if (program === undefined) return { ...answered, summary: `${summary}; cards were not listed: no nvidia-smi` };
  const result = await host.run(program, ["-L"], { deadlineMs: listDeadlineMs });
  const evidence = [...answered.evidence, { action: `run ${program} -L`, result: describe(result) }];
  if (result.status !== "exited") {
    const late = `${summary}, but ${program} gave no list of cards: ${describe(result)}`;
    return { ...answered, state: "unknown", summary: late, evidence };
  }
  const cards = result.stdout.split("\n").filter((line) => /^GPU \d+:/.test(line)).length;
  if (result.code === 0 && cards > 0)
    return { ...answered, summary: `${summary}; ${cards} cards; nothing was computed`, evidence };
  const detail = `the driver answers, but ${program} lists no card: ${describe(result)}`;
  const blockers: Blocker[] = [{ code: "unknown", detail }];
  return { ...answered, state: "broken", summary: detail, evidence, blockers };
}

function describe(result: ProgramResult): string {
  if (result.status === "timeout") return `no end after ${Math.round(result.durationMs)} ms; killed`;
  if (result.status === "not-started") return result.errno;
  const line = oneLine(result.stdout) || oneLine(result.stderr);
  return `${result.signal ?? `exit ${result.code ?? "unknown"}`}${line === "" ? "" : `: ${line}`}`;
}
