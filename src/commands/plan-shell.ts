/** `cupel plan --shell`: what is called, and with which words. */
import type { Host } from "../host/host.ts";
import { pathsHere } from "../launch/host-paths.ts";
import { lookUpHere } from "../launch/look-up.ts";
import { isMadeBy } from "../launch/maker-call.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import { renderBubblewrapCall } from "../report/render-bubblewrap-call.ts";
import { renderDockerCall } from "../report/render-docker-call.ts";
import { renderLauncherSteps } from "../report/render-plan.ts";
import { renderPodmanCall } from "../report/render-podman-call.ts";
import { renderSystemdCall } from "../report/render-systemd-call.ts";
import type { TerminalStyle } from "../report/terminal-style.ts";

/** A script where another program makes the sandbox; otherwise the launcher's steps. */
export function shellOf(plan: Plan, job: Job, { identity, environment }: Host, style: TerminalStyle): string {
  const { launch } = plan;
  if (isMadeBy(launch, "bubblewrap")) return renderBubblewrapCall(launch, lookUpHere);
  if (isMadeBy(launch, "podman")) return renderPodmanCall(launch, pathsHere());
  if (isMadeBy(launch, "docker")) return renderDockerCall(launch, pathsHere(), { ...identity, environment });
  if (isMadeBy(launch, "systemd-run")) return renderSystemdCall(launch, pathsHere(), { ...identity, environment });
  return renderLauncherSteps(plan, job, style);
}
