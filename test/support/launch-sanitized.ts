/** The launcher as it is built with AddressSanitizer and UBSan, on one instruction. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseLaunchEvent } from "../../src/launch/launch-event.ts";
import { buildSanitized } from "./build-sanitized.ts";
import { repositoryRoot } from "./compile-c.ts";
import { execute } from "./execute.ts";
import { makeTempDir } from "./temp-dir.ts";

/** Its file, once {@link launchSanitized} has been called. */
export const sanitizedLauncher: string = join(repositoryRoot, "dist/sanitize/launcher");

/** What one such launch came to. */
export interface SanitizedLaunch {
  readonly stdout: string;
  readonly stderr: string;
  /** Names of its events, but for those of what was written. */
  readonly events: readonly string[];
  /** Files that a sanitizer wrote. */
  readonly findings: readonly string[];
}

/** Of a job that writes what it reads, and ends by itself. */
export const inOrder: SanitizedLaunch = { stdout: "input\n", stderr: "", events: ["started", "ended"], findings: [] };

/** Builds it where it is stale, and runs the instruction, whose job reads a line that says `input`. */
export async function launchSanitized(instruction: Uint8Array): Promise<SanitizedLaunch> {
  await buildSanitized();
  using directory = makeTempDir();
  const control = directory.at("control");
  const script = `mkfifo ${control}; exec 3<>${control}; cat ${directory.file("instruction", instruction)} >&3
    echo input | ${sanitizedLauncher} 3 4 0 1 2 4>${directory.at("events")}`;
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ASAN_OPTIONS: `log_path=${directory.at("finding")}` };
  const { stdout, stderr } = await execute(["sh", "-c", script], { env });
  const told = (await Bun.file(directory.at("events")).text()).trim().split("\n");
  const events = told.map((line): string => parseLaunchEvent(line).event).filter((event) => event !== "output");
  const findings = readdirSync(directory.path).filter((name) => name.startsWith("finding"));
  return { stdout, stderr, events, findings };
}
