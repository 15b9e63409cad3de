/**
 * A scope of cupel's own, made by the user's systemd manager. A login session is in a scope of root's, and nobody else may
 * move a process out of that. The user's manager may have the system's do so for the user's own processes (systemd,
 * src/core/cgroup.c, unit_attach_pid_to_cgroup_via_bus; since 238), and what is below it is the user's: groups can be made
 * there, and joined from there. The scope ends with its last process, and nothing of it stays.
 */
import type { Host, ProgramResult } from "../host/host.ts";

/** What became of it, for a cupel that was in a session's scope: `from`. */
export type OwnScope =
  | { readonly status: "entered"; readonly from: string; readonly unit: string }
  | { readonly status: "refused"; readonly from: string; readonly reason: string };

const deadlineMs = 3000;
const movePauseMs = 2;

/** Whose manager it is. */
type ManagerOwner = Pick<Host, "environment"> & { readonly identity: Pick<Host["identity"], "uid"> };

/** Where the manager has its sockets (pam_systemd(8)). */
export function managerDirectory(host: ManagerOwner): string {
  return host.environment["XDG_RUNTIME_DIR"] ?? `/run/user/${host.identity.uid}`;
}

/** systemd's programs find the manager by its directory, and the bus beside it. */
export function managerEnvironment(host: ManagerOwner): Record<string, string> {
  const directory = managerDirectory(host);
  const bus = host.environment["DBUS_SESSION_BUS_ADDRESS"] ?? `unix:path=${directory}/bus`;
  return { PATH: "/usr/bin:/bin", LC_ALL: "C", XDG_RUNTIME_DIR: directory, DBUS_SESSION_BUS_ADDRESS: bus };
}

/**
 * The scope of a login session of this user's, if that is what /proc/self/cgroup names, with version 2 alone. Not a
 * service's: its limits, and who stops it, are meant for all that it started. Pure.
 */
export function parseSessionScope(text: string, uid: number): string | undefined {
  const [, owner, scope] = /^0::\/user\.slice\/user-(\d+)\.slice\/(session-[^/\n]+\.scope)\n?$/.exec(text) ?? [];
  return owner === String(uid) ? scope : undefined;
}

function ownGroup(host: Host): string {
  const text = host.readText("/proc/self/cgroup");
  return text.ok ? text.value : "";
}

/** In a PID namespace of its own cupel's number is another's outside: the first process has to be systemd here. */
function isBelowSystemd(host: Host): boolean {
  const first = host.readText("/proc/1/comm");
  return first.ok && first.value.trim() === "systemd";
}

/**
 * org.freedesktop.systemd1(5). With Delegate= the slice around the scope hands down every controller that the manager has,
 * for as long as the scope is there.
 */
function callWords(unit: string): string[] {
  const manager = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager";
  const properties = `PIDs au 1 ${process.pid} Delegate b true CollectMode s inactive-or-failed`;
  const call = `StartTransientUnit ssa(sv)a(sa(sv)) ${unit} fail 3 ${properties} 0`;
  return ["--user", "--quiet", "call", ...manager.split(" "), ...call.split(" ")];
}

function whyNot(result: ProgramResult): string | undefined {
  if (result.status === "not-started") return `busctl cannot be started (${result.errno})`;
  if (result.status === "timeout") return "the user's systemd manager does not answer";
  if (result.code === 0) return undefined;
  const [line = ""] = result.stderr.trim().split("\n");
  return line.replaceAll(/\p{C}/gu, "?") || `busctl ended with ${result.code ?? result.signal}`;
}

/** The manager answers before it has moved the process. */
async function waitForMove(host: Host, unit: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < deadlineMs; waitedMs += movePauseMs) {
    if (ownGroup(host).trimEnd().endsWith(`/${unit}`)) return true;
    await new Promise((resolve) => setTimeout(resolve, movePauseMs));
  }
  return false;
}

async function enter(host: Host, from: string): Promise<OwnScope> {
  const refused = (reason: string): OwnScope => ({ status: "refused", from, reason });
  if (!isBelowSystemd(host)) return refused("the first process here is not systemd");
  const busctl = host.findProgram("busctl");
  if (busctl === undefined) return refused("busctl, which would ask the user's systemd manager, is not in PATH");
  const unit = `cupel-${process.pid}.scope`;
  const called = await host.run(busctl, callWords(unit), { deadlineMs, environment: managerEnvironment(host) });
  const reason = whyNot(called);
  if (reason !== undefined) return refused(reason);
  if (await waitForMove(host, unit)) return { status: "entered", from, unit };
  return refused(`the user's systemd manager did not move cupel into ${unit}`);
}

const entering = new WeakMap<Host, Promise<OwnScope>>();

/**
 * Moves this process, and with it what it starts from now on, into a scope of its own, where it is in a login session's and
 * its user is not root, who needs none. Undefined where it is elsewhere from the start. Asked again, it tells the same.
 */
export async function enterOwnScope(host: Host): Promise<OwnScope | undefined> {
  const known = entering.get(host);
  if (known !== undefined) return known;
  const from = host.identity.uid === 0 ? undefined : parseSessionScope(ownGroup(host), host.identity.uid);
  if (from === undefined) return undefined;
  const entered = enter(host, from);
  entering.set(host, entered);
  return entered;
}
