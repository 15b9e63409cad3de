/** Podman: what it says of itself, and a container from a local root, which pulls nothing and leaves nothing. */
import type { Finding } from "../model/capability.ts";
import { judgeKeeping } from "./_engine-failure.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { judgePodmanInfo, type PodmanInfo } from "./_podman-info.ts";
import { placePodman, type PlacedPodman } from "./_podman-place.ts";
import { runContainer } from "./_podman-run.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { askVersion, behind, complaint, findProgram, ifRoot, installed, notInstalled } from "./_program.ts";

const ids = ["program.podman", "podman.info", "podman.run"] as const;

const infoDeadlineMs = 5000;

async function run(context: ProbeContext) {
  const found = findProgram(context.host, "podman");
  if (found.path === undefined) return forAll(notInstalled(found));
  const podman = await placePodman(context, found.path);
  if (typeof podman === "string") return forAll(notTried(podman));
  // Even `podman --version` makes directories where it thinks that its home is.
  const version = await askVersion(context.host, found, podman.environment);
  if (!version.ok) return forAll(version.finding);
  const { info, finding: told } = await askInfo(context, podman);
  const ran = info === undefined ? behind(told) : await runContainer(context, podman, info);
  return { "program.podman": installed(version, "podman.run"), "podman.info": told, "podman.run": ran };
}

function forAll(one: Finding) {
  return findingsFor(ids, () => one);
}

function notTried(reason: string): Finding {
  const evidence = [{ action: "make a place for Podman's files", result: reason }];
  return finding({ state: "unknown", level: "inferred", summary: `could not be tried: ${reason}`, evidence });
}

async function askInfo(
  context: ProbeContext,
  podman: PlacedPodman,
): Promise<{ readonly info: PodmanInfo | undefined; readonly finding: Finding }> {
  const { helpers, host } = context;
  const words = [...podman.flags, "info", "--format", "json"];
  const { environment } = podman;
  const result = await helpers.keep(podman.path, words, {
    deadlineMs: infoDeadlineMs,
    environment,
    controlGroups: ifRoot(host, "covered"),
  });
  const kept = await judgeKeeping(context, result, [{ action: "podman info", result: complaint(result) }]);
  return kept === undefined ? judgePodmanInfo(host, result) : { info: undefined, finding: kept };
}

/** Probe `podman`. */
export default defineProbe({
  id: "podman",
  area: "programs",
  capabilities: {
    "program.podman": "Podman",
    "podman.info": "Podman's own account",
    "podman.run": "A container by Podman",
  },
  pace: "slow",
  deadlineMs: 30_000,
  run: onLinux(ids, run),
});
