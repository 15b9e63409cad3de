/** Programs of others: where they are, whose they are, what they say of themselves, and how they ended. */
import type { Host, ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";

/** A program that was looked for. */
export interface FoundProgram {
  readonly name: string;
  /** The first one; undefined where there is none. */
  readonly path: string | undefined;
  readonly evidence: readonly Evidence[];
}

/**
 * Looks for a program along PATH. One in the current directory or below is left aside: a workspace may hold anything,
 * and what it holds must not become the sandbox. A directory that holds the caller's home is nobody's workspace.
 */
export function findProgram(host: Host, name: string): FoundProgram {
  const home = host.environment["HOME"] ?? "";
  const workspace = host.directory === "/" || `${home}/`.startsWith(`${host.directory}/`) ? undefined : host.directory;
  const all = host.findPrograms(name);
  const ignored = all.filter((path) => workspace !== undefined && path.startsWith(`${workspace}/`));
  const paths = all.filter((path) => !ignored.includes(path));
  const aside = ignored.map((path) => ({ action: `leave ${path} aside`, result: "in the current directory" }));
  const looked = { action: `look for ${name} in PATH`, result: paths.join(", ") || "not there" };
  return { name, path: paths[0], evidence: [looked, ...aside] };
}

/** The finding for a program that is not there. */
export function notInstalled({ name, evidence }: FoundProgram): Finding {
  const blockers = [{ code: "package-missing", detail: `no ${name} in PATH` }] as const;
  return finding({ state: "absent", level: "exercised", summary: "not installed", evidence, blockers });
}

/** How a program ended, and the first line of what it wrote. */
export function describeEnd(result: ProgramResult): string {
  if (result.status === "timeout") return `no end after ${Math.round(result.durationMs)} ms; killed`;
  if (result.status === "not-started") return result.errno;
  const line = oneLine(result.stdout) || oneLine(result.stderr);
  return `${result.signal === null ? `exit ${result.code ?? "unknown"}` : result.signal}${line === "" ? "" : `: ${line}`}`;
}

/** Whether a program ended by itself, with 0. */
export function endedWell(result: ProgramResult): result is Extract<ProgramResult, { status: "exited" }> {
  return result.status === "exited" && result.code === 0;
}

/** The last line that a program wrote to complain: what comes before it are warnings. */
export function complaint(result: ProgramResult): string {
  if (result.status === "not-started") return result.errno;
  if (result.status === "timeout") return describeEnd(result);
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  const line = lines.at(-1) ?? "";
  // What programs in Go write: time="…" level=error msg="…"
  const message = /\bmsg="(.*)"\s*$/.exec(line)?.[1]?.replaceAll('\\"', '"');
  return oneLine(message ?? line, 300) || describeEnd(result);
}

/** A client that takes longer than this to say its version is hung, or too slow to start a job with. */
const versionDeadlineMs = 1500;

/** What `--version` gave: the line, or the finding for a program that does not say it. */
export type SaidVersion =
  | { readonly ok: true; readonly path: string; readonly line: string; readonly evidence: readonly Evidence[] }
  | { readonly ok: false; readonly finding: Finding };

/** Has a program say its version. One that is not there, hangs, or says nothing has its finding already. */
export async function askVersion(
  host: Host,
  found: FoundProgram,
  environment?: Readonly<Record<string, string>>,
): Promise<SaidVersion> {
  const { path } = found;
  if (path === undefined) return { ok: false, finding: notInstalled(found) };
  const result = await host.run(path, ["--version"], { deadlineMs: versionDeadlineMs, environment });
  const said = describeEnd(result);
  const evidence = [...found.evidence, { action: `run ${path} --version`, result: said }];
  const line = endedWell(result) ? oneLine(result.stdout) || oneLine(result.stderr) : "";
  if (line !== "" && /\d|version/.test(line)) return { ok: true, path, line, evidence };
  const isHung = result.status === "timeout";
  const summary = `${path} ${isHung ? "did" : "does"} not say its version: ${said}`;
  const state = isHung ? "unknown" : "broken";
  return { ok: false, finding: finding({ state, level: isHung ? "inferred" : "exercised", summary, evidence }) };
}

/** The finding for a program that is there; what it can do is told by capabilities of its own. */
export function installed(version: Extract<SaidVersion, { ok: true }>, where: string): Finding {
  return finding({
    state: "works",
    level: "declared",
    summary: `${version.path}: ${version.line}; what it can do here: ${where}`,
    evidence: version.evidence,
    value: version.path,
  });
}

/** The finding for a capability whose program is not usable: the same state and causes, told as behind it. */
export function behind(before: Finding): Finding {
  return { ...before, value: undefined };
}

/** Only root's programs have control groups to be kept from. */
export function ifRoot<Manner extends string>({ identity }: Host, manner: Manner): Manner | undefined {
  return identity.uid === 0 ? manner : undefined;
}
