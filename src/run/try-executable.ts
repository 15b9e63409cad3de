/** A new executable has to show that it works here before it takes the place of one that does. */
import type { Host, ProgramResult } from "../host/host.ts";
import type { DoctorAnswer } from "../model/upgrade.ts";

const versionDeadlineMs = 30_000;

/** Engines and virtual machines that do not answer are waited for by the doctor itself, seconds each. */
const doctorDeadlineMs = 300_000;

/** What `doctor` says of a host; any other code is about itself. */
const doctorCodes = [0, 1, 3];

/** As the caller's own call would be: with the same home, state and programs. */
function call(host: Host, path: string, words: readonly string[], deadlineMs: number): Promise<ProgramResult> {
  const variables = Object.entries(host.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return host.run(path, words, { deadlineMs, environment: Object.fromEntries(variables) });
}

function describeEnd(result: ProgramResult): string {
  if (result.status === "not-started") return `it cannot be started (${result.errno})`;
  const printed = (result.stderr || result.stdout).trim().split("\n").at(-1) ?? "";
  if (/libstdc\+\+|libgcc/.test(printed)) return "it needs libstdc++ (Alpine: apk add libstdc++)";
  const said = printed === "" ? "" : `: ${printed}`;
  if (result.status === "timeout") return `it did not end in time${said}`;
  return `${result.signal === null ? `exit code ${String(result.code)}` : result.signal}${said}`;
}

/** Why an executable is not the version that it should be, on this machine; undefined where it is. */
export async function tryVersion(host: Host, path: string, version: string): Promise<string | undefined> {
  const result = await call(host, path, ["version"], versionDeadlineMs);
  const isIt = result.status === "exited" && result.code === 0 && result.stdout.startsWith(`cupel ${version} (`);
  return isIt ? undefined : describeEnd(result);
}

/** What an executable's doctor says of this host, or why it says nothing. */
export async function askDoctor(host: Host, path: string): Promise<DoctorAnswer | string> {
  const result = await call(host, path, ["doctor", "--brief"], doctorDeadlineMs);
  if (result.status === "exited" && result.code !== null && doctorCodes.includes(result.code))
    return { exitCode: result.code, text: result.stdout };
  return describeEnd(result);
}
