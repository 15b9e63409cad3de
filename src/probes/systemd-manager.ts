/** systemd: whether it runs this machine, whether this user has a manager of their own, and what a unit of it keeps. */
import type { Host } from "../host/host.ts";
import { managerDirectory } from "../launch/own-scope.ts";
import { isUsable, type Evidence, type Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { askVersion, behind, findProgram, installed, notInstalled, type SaidVersion } from "./_program.ts";
import { runUnit } from "./_systemd-run.ts";
import { exerciseManager } from "./_systemd-scope.ts";

const ids = ["program.systemd-run", "systemd.system", "cgroup.user-manager", "systemd.run"] as const;

async function run(context: ProbeContext) {
  const { host } = context;
  const version = await askVersion(host, findProgram(host, "systemd-run"));
  const system = judgeSystem(host);
  const manager = await judgeManager(context, system);
  return {
    "program.systemd-run": version.ok ? installed(version, "cgroup.user-manager and systemd.run") : version.finding,
    "systemd.system": system,
    "cgroup.user-manager": manager,
    "systemd.run": await judgeUnit(context, version, { system, manager }),
  };
}

/** Root's units are the system's, whether or not root has a manager besides. */
async function judgeUnit(
  context: ProbeContext,
  version: SaidVersion,
  { system, manager }: { readonly system: Finding; readonly manager: Finding },
): Promise<Finding> {
  const { host } = context;
  if (system.state === "absent") return behind(system);
  if (!version.ok) return behind(version.finding);
  if (host.identity.uid !== 0 && !isUsable(manager)) return behind(manager);
  const systemctl = findProgram(host, "systemctl");
  if (systemctl.path === undefined) return notInstalled(systemctl);
  return runUnit(context, { run: version, control: systemctl.path });
}

/** sd_booted(3): the directory is there where systemd is the init, and nowhere else; a container may share /run. */
function judgeSystem(host: Host): Finding {
  const booted = host.linkStatus("/run/systemd/system");
  const first = readLine(host, "/proc/1/comm");
  const evidence: Evidence[] = [
    { action: "look at /run/systemd/system", result: booted.ok ? booted.value.kind : booted.errno },
    { action: "read /proc/1/comm", result: lineOrErrno(first) },
  ];
  const isThere = booted.ok && booted.value.kind === "directory";
  if (isThere && first.ok && first.value === "systemd") {
    return finding({ state: "works", level: "declared", summary: "systemd is the first process", evidence });
  }
  const name = first.ok ? first.value : `not readable (${first.errno})`;
  const detail = isThere
    ? `the first process here is ${name}, though /run/systemd/system is there`
    : `the first process is ${name}`;
  if (!first.ok && isThere) return finding({ state: "unknown", level: "inferred", summary: detail, evidence });
  return finding({ state: "absent", level: "declared", summary: `no systemd: ${detail}`, evidence });
}

/** The manager's private socket: what systemctl --user speaks to where there is no bus (systemd, src/shared/bus-util.c). */
function managerSocket(host: Host): string {
  return `${managerDirectory(host)}/systemd/private`;
}

async function judgeManager(context: ProbeContext, system: Finding): Promise<Finding> {
  const { host } = context;
  if (system.state === "absent") {
    const { evidence } = system;
    return finding({ state: "absent", level: "declared", summary: `no user manager: ${system.summary}`, evidence });
  }
  const socket = managerSocket(host);
  const status = host.status(socket);
  const stated = host.environment["XDG_RUNTIME_DIR"];
  const evidence: Evidence[] = [
    { action: "XDG_RUNTIME_DIR", result: stated ?? "not set" },
    { action: `stat ${socket}`, result: status.ok ? status.value.kind : status.errno },
  ];
  if (!status.ok) return noManager(host, evidence);
  const systemctl = findProgram(host, "systemctl");
  if (systemctl.path === undefined)
    return { ...notInstalled(systemctl), evidence: [...evidence, ...systemctl.evidence] };
  return exerciseManager(context, systemctl.path, evidence);
}

/** logind starts a manager with a user's first session, and keeps it for who lingers (loginctl(1)). */
function noManager(host: Host, evidence: readonly Evidence[]): Finding {
  const detail = `no manager runs for user ${host.identity.uid}: nobody logged in as them, and they do not linger`;
  const blockers = [{ code: "cgroup-delegation", detail }] as const;
  return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
}

/** Probe `systemd-manager`. */
export default defineProbe({
  id: "systemd-manager",
  area: "cgroups",
  capabilities: {
    "program.systemd-run": "systemd-run",
    "systemd.system": "systemd",
    "cgroup.user-manager": "systemd user manager",
    "systemd.run": "A unit by systemd",
  },
  pace: "slow",
  deadlineMs: 33_000,
  run: onLinux(ids, run),
});
