/** Programs that strategies may drive. That a program is there is not a capability: what it can do, its strategy tries. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { oneLine } from "./_host-text.ts";
import { machineName } from "./_machine-name.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { exerciseBubblewrap } from "./_program-bwrap.ts";

/** Programs by capability, with what makes them say their version; newuidmap says none. */
const programs = {
  "program.bwrap": { name: "bwrap", version: ["--version"] },
  "program.podman": { name: "podman", version: ["--version"] },
  "program.docker": { name: "docker", version: ["--version"] },
  "program.runc": { name: "runc", version: ["--version"] },
  "program.crun": { name: "crun", version: ["--version"] },
  "program.runsc": { name: "runsc", version: ["--version"] },
  "program.qemu": { name: "qemu-system-", version: ["--version"] },
  "program.newuidmap": { name: "newuidmap", version: undefined },
  "program.pasta": { name: "pasta", version: ["--version"] },
  "program.slirp4netns": { name: "slirp4netns", version: ["--version"] },
  "program.fuse-overlayfs": { name: "fuse-overlayfs", version: ["--version"] },
  "program.systemd-run": { name: "systemd-run", version: ["--version"] },
} as const satisfies Readonly<Record<string, { name: string; version: readonly string[] | undefined }>>;

type Id = keyof typeof programs;

const ids = Object.keys(programs) as Id[];

/** A client that takes longer than this to say its version is hung, or too slow to start a job with. */
const versionDeadlineMs = 1500;

async function run(context: ProbeContext) {
  const found = await Promise.all(ids.map(async (id) => [id, await probeProgram(context, id)] as const));
  const findings = Object.fromEntries(found) as Record<Id, Finding>;
  return findingsFor(ids, (id) => findings[id]);
}

async function probeProgram(context: ProbeContext, id: Id): Promise<Finding> {
  const { host } = context;
  const { name, version } = programs[id];
  const program = id === "program.qemu" ? `${name}${machineName(host)}` : name;
  const paths = host.findPrograms(program);
  const evidence: Evidence[] = [{ action: `look for ${program} in PATH`, result: paths.join(", ") || "not there" }];
  const [path] = paths;
  if (path === undefined) {
    const blockers = [{ code: "package-missing", detail: `no ${program} in PATH` }] as const;
    return finding({ state: "absent", level: "exercised", summary: "not installed", evidence, blockers });
  }
  if (version === undefined) return judgePrivileged(context, path, evidence);
  const result = await host.run(path, version, { deadlineMs: versionDeadlineMs });
  const judged = judgeVersion(path, result, [
    ...evidence,
    { action: `run ${path} --version`, result: describe(result) },
  ]);
  return id === "program.bwrap" && judged.state === "works" ? exerciseBubblewrap(context, path, judged) : judged;
}

function describe(result: ProgramResult): string {
  if (result.status === "timeout") return `no end after ${Math.round(result.durationMs)} ms; killed`;
  if (result.status === "not-started") return result.errno;
  const line = oneLine(result.stdout) || oneLine(result.stderr);
  return `${result.signal === null ? `exit ${result.code ?? "unknown"}` : result.signal}${line === "" ? "" : `: ${line}`}`;
}

function judgeVersion(path: string, result: ProgramResult, evidence: readonly Evidence[]): Finding {
  const said = describe(result);
  if (result.status === "timeout") {
    return finding({
      state: "unknown",
      level: "inferred",
      summary: `${path} did not say its version: ${said}`,
      evidence,
    });
  }
  const line = result.status === "exited" && result.code === 0 ? oneLine(result.stdout) : "";
  if (!/\d/.test(line)) {
    return finding({
      state: "broken",
      level: "exercised",
      summary: `${path} does not say its version: ${said}`,
      evidence,
    });
  }
  return finding({
    state: "works",
    level: "declared",
    summary: `${path}: ${line}; present, what it can do here was not tried`,
    evidence,
    value: path,
  });
}

/** newuidmap(1) is nothing without its set-uid bit or file capabilities, and those cannot be read without a program. */
function judgePrivileged({ host }: ProbeContext, path: string, evidence: readonly Evidence[]): Finding {
  const status = host.status(path);
  const isSetUid = status.ok && status.value.uid === 0 && (status.value.mode & 0o4000) !== 0;
  const mode = status.ok ? `mode ${status.value.mode.toString(8)}, owner ${status.value.uid}` : status.errno;
  const summary = isSetUid
    ? `${path}: set-uid root; present, what it can do here was not tried`
    : `${path}: present; not set-uid, so it needs file capabilities`;
  return finding({
    state: "works",
    level: "declared",
    summary,
    evidence: [...evidence, { action: `stat ${path}`, result: mode }],
    value: path,
  });
}

/** Probe `programs`. */
export default defineProbe({
  id: "programs",
  area: "programs",
  capabilities: {
    "program.bwrap": "bubblewrap",
    "program.podman": "Podman",
    "program.docker": "Docker client",
    "program.runc": "runc",
    "program.crun": "crun",
    "program.runsc": "gVisor (runsc)",
    "program.qemu": "QEMU",
    "program.newuidmap": "newuidmap",
    "program.pasta": "pasta",
    "program.slirp4netns": "slirp4netns",
    "program.fuse-overlayfs": "fuse-overlayfs",
    "program.systemd-run": "systemd-run",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
