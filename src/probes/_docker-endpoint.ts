/** Where the Docker client's engine is, and why nothing answers there. */
import type { Host, ProgramResult } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, describeEnd, endedWell } from "./_program.ts";

/** A client, with what it needs to find its engine. */
export interface DockerClient {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A socket on this machine. */
export interface DockerEndpoint {
  readonly socket: string;
  readonly evidence: readonly Evidence[];
}

/** Asks the client itself, which knows DOCKER_HOST, contexts and their order (docker context inspect). */
export async function findEndpoint(
  { helpers }: ProbeContext,
  { path, environment }: DockerClient,
): Promise<DockerEndpoint | { readonly finding: Finding }> {
  const words = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
  const result = await helpers.keep(path, words, { deadlineMs: 3000, environment });
  const said = endedWell(result) ? oneLine(result.stdout, 300) : "";
  const evidence = [{ action: "docker context inspect", result: said || describeEnd(result) }];
  const socket = /^unix:\/\/(\/.*)$/.exec(said)?.[1];
  if (socket !== undefined) return { socket, evidence };
  if (/^\w+:\/\//.test(said)) {
    const summary = `the client speaks to ${said}, which is another machine: nothing that it can do is said of this one`;
    return { finding: finding({ state: "unknown", level: "declared", summary, evidence }) };
  }
  const summary = `the client does not say where its engine is: ${complaint(result)}`;
  const state = result.status === "exited" ? "broken" : "unknown";
  return { finding: finding({ state, level: "inferred", summary, evidence }) };
}

/** The finding for an engine that did not answer a client that came to an end. */
export function judgeSilence(host: Host, result: ProgramResult, { socket, evidence }: DockerEndpoint): Finding {
  const status = host.status(socket);
  const shown = status.ok
    ? `${status.value.kind}, mode ${status.value.mode.toString(8)}, owner ${status.value.uid}, group ${status.value.gid}`
    : status.errno;
  const said = complaint(result);
  const seen = [...evidence, { action: `stat ${socket}`, result: shown }, { action: "docker info", result: said }];
  if (!status.ok && status.errno === "ENOENT") {
    const summary = `no engine: nothing is at ${socket}`;
    return finding({ state: "absent", level: "exercised", summary, evidence: seen });
  }
  const denied = !status.ok || /permission denied/i.test(said);
  if (denied) return refused(denial(host, socket), seen);
  if (/cannot connect|connection refused/i.test(said)) {
    const summary = `no engine: nobody answers at ${socket}, which somebody left there`;
    return finding({ state: "absent", level: "exercised", summary, evidence: seen });
  }
  const summary = `the engine at ${socket} does not say what it is: ${said}`;
  return finding({ state: "broken", level: "exercised", summary, evidence: seen });
}

function refused(blocker: Blocker, evidence: readonly Evidence[]): Finding {
  return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/** Who may use a socket is its owner's policy: no device, and no kernel's setting. */
function denial(host: Host, socket: string): Blocker {
  const status = host.status(socket);
  const groups = host.readText("/etc/group");
  const gid = status.ok ? status.value.gid : -1;
  const group = groups.ok ? parseGroup(groups.value, gid) : undefined;
  const passwd = host.readText("/etc/passwd");
  const name = passwd.ok
    ? passwd.value.split("\n").find((line) => line.split(":")[2] === String(host.identity.uid))
    : undefined;
  const isMember = group?.members.includes(name?.split(":")[0] ?? "") === true;
  if (isMember && !host.identity.groups.includes(gid)) {
    const detail = `${socket} is for group ${group?.name ?? ""}, which this user has joined, but this session began before that`;
    return { code: "policy", detail };
  }
  const whose = group === undefined ? "others" : `group ${group.name}, whose members are as good as root`;
  return { code: "policy", detail: `${socket} is for ${whose}; this user may not use it` };
}

/** The group of a number in group(5). Pure. */
export function parseGroup(text: string, gid: number): { name: string; members: readonly string[] } | undefined {
  const line = text.split("\n").find((entry) => entry.split(":")[2] === String(gid));
  const [name, , , members = ""] = line?.split(":") ?? [];
  return name === undefined ? undefined : { name, members: members.split(",") };
}
