/** What the host has, as far as it tells a denial from something that is not there at all. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import type { Host } from "../../host/host.ts";
import { listHomes } from "../home-directories.ts";
import { userConfigurationPath } from "../settings-files.ts";

/** The host, as the caller sees it. */
export interface HostView {
  /** Undefined where there is nothing, or nothing that the caller may see. */
  kindOf(path: string): "directory" | "socket" | "other" | undefined;
  /** Whether the caller could. */
  mayAccess(path: string, writes: boolean): boolean;
  /** Whether something waits for connections at this port (tcp(7), /proc/net/tcp). */
  isListening(port: number): boolean;
  readonly homes: readonly string[];
  /** Directories of the caller's PATH. */
  readonly programs: readonly string[];
  /** Places of cupel's own, which no job may be granted. */
  readonly own: readonly string[];
}

function kindOf(path: string): ReturnType<HostView["kindOf"]> {
  try {
    const found = statSync(path);
    return found.isDirectory() ? "directory" : found.isSocket() ? "socket" : "other";
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

function mayAccess(path: string, writes: boolean): boolean {
  try {
    accessSync(path, writes ? constants.W_OK : constants.R_OK);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** TCP_LISTEN (net/tcp_states.h). */
const listening = "0A";

/** Ports of `/proc/net/tcp` and `tcp6` that are listened at. Pure. */
export function parseListeningPorts(table: string): number[] {
  const rows = table.split("\n").map((row) => row.trim().split(/\s+/));
  const waiting = rows.filter(([, , , state]) => state === listening);
  return waiting.map(([, local = ""]) => Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    errnoOf(error);
    return path;
  }
}

/** The view, of this moment. */
export function readHostView(host: Host, stateDirectories: readonly string[]): HostView {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => host.readText(path));
  const ports = tables.flatMap((table) => (table.ok ? parseListeningPorts(table.value) : []));
  const configuration = userConfigurationPath(host);
  const directories = (host.environment["PATH"] ?? "").split(":").filter((path) => path.startsWith("/"));
  return {
    kindOf,
    mayAccess,
    isListening: (port) => ports.includes(port),
    homes: listHomes(host),
    programs: [...new Set(directories.flatMap((path) => [path, real(path)]))],
    own: [...stateDirectories.map(real), ...(configuration === undefined ? [] : [configuration])],
  };
}
