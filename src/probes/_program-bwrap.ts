/** bubblewrap, exercised: a program of that name that isolates nothing must not pass for it. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding, type ProbeContext } from "./_probe.ts";

const sandbox = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--"] as const;

/** Has bubblewrap run readlink in a sandbox: the network namespace that it names must not be ours. */
export async function exerciseBubblewrap({ host }: ProbeContext, path: string, present: Finding): Promise<Finding> {
  const [readlink] = host.findPrograms("readlink");
  const outside = host.readLink("/proc/self/ns/net");
  if (readlink === undefined || !outside.ok) return present;
  const result = await host.run(path, [...sandbox, readlink, "/proc/self/ns/net"], { deadlineMs: 2000 });
  const said = describe(result);
  const evidence: Evidence[] = [
    ...present.evidence,
    { action: "its network namespace, and ours", result: `${said}, ${outside.value}` },
  ];
  const version = present.summary.split(";")[0] ?? "";
  if (/^net:\[\d+\]$/.test(said) && said !== outside.value) {
    return finding({
      state: "works",
      level: "exercised",
      summary: `${version}; a sandbox of its making was another's`,
      evidence,
      value: path,
    });
  }
  if (result.status === "timeout") {
    return finding({ state: "unknown", level: "exercised", summary: `${version}; ${said}`, evidence });
  }
  if (result.status === "exited" && result.code === 0) {
    return finding({
      state: "broken",
      level: "exercised",
      summary: `${path} ends well and isolates nothing`,
      evidence,
    });
  }
  const detail = `${path} cannot make a sandbox here: ${said}`;
  return finding({
    state: "blocked",
    level: "exercised",
    summary: detail,
    evidence,
    blockers: [{ code: "unknown", detail }],
  });
}

function describe(result: ProgramResult): string {
  if (result.status === "timeout") return `no end after ${Math.round(result.durationMs)} ms; killed`;
  if (result.status === "not-started") return result.errno;
  const text = result.code === 0 ? result.stdout : result.stderr;
  return oneLine(text, 200) || `exit ${result.code ?? "unknown"}`;
}
