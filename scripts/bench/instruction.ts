/** The launcher's instruction for the default job, by the code that `cupel run` uses. */
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createRealHost } from "../../src/host/real-host.ts";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { outsideIdentity, seccompArchitecture } from "../../src/launch/launch-identity.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { JobCommand } from "./contestant.ts";
import type { Workshop } from "./workshop.ts";

/** What `cupel plan` decides for a job in the strategy `namespaces`; a reason where it refuses. */
export function readPlan({ executable, directory, environment }: Workshop): LauncherPlan | string {
  // Read-only: a layer would be one job's alone, and other runners have none.
  const command = [executable, "plan", "--json", "--strategy", "namespaces", "--workspace", "ro", "--", "/bin/true"];
  const ran = Bun.spawnSync(command, { cwd: directory, env: { ...environment }, stdin: "ignore" });
  if (ran.exitCode !== 0) return ran.stderr.toString().trim().split("\n")[0] ?? `exit code ${ran.exitCode}`;
  const { plan } = JSON.parse(ran.stdout.toString()) as { plan: { launch: LauncherPlan } };
  return plan.launch;
}

/** Writes the instruction for `command` into the workshop; gives its path. No control groups: bwrap makes none either. */
export function writeInstruction(workshop: Workshop, plan: LauncherPlan, command: JobCommand): string {
  const host = createRealHost();
  const bytes = encodeInstruction(
    { ...plan, command },
    {
      outside: outsideIdentity(plan, host),
      controlGroups: [],
      rehearsal: false,
      architecture: seccompArchitecture(host.architecture),
    },
  );
  const path = join(workshop.path, `instruction-${basename(command[0])}`);
  writeFileSync(path, bytes);
  return path;
}
