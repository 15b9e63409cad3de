import { describe, expect, test } from "bun:test";
import { watchJob } from "../../src/commands/watch-job.ts";
import type { TracerWords } from "../../src/launch/tracer.ts";
import { CupelError } from "../../src/model/error.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const tracer: TracerWords = ["/usr/bin/strace", "-f"];

const docker = { program: "docker", path: "/usr/bin/docker" } as const;
const systemd = {
  program: "systemd-run",
  path: "/usr/bin/systemd-run",
  manager: "user",
  controlPath: "/usr/bin/systemctl",
} as const;
const podman = { program: "podman", path: "/usr/bin/podman", runtime: "crun", runtimePath: "/usr/bin/crun" } as const;
const bubblewrap = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;

function watched(parts: Partial<LauncherPlan>): unknown {
  return watchJob(tracer, barePlan(["true"], parts), "it").watching.tracer;
}

describe("watchJob", () => {
  test.each<[string, Partial<LauncherPlan>]>([
    ["the launcher makes", {}],
    ["bubblewrap makes", { maker: bubblewrap }],
    ["root's Podman makes", { maker: podman, outside: "fresh" }],
  ])("watches a job whose sandbox %s", (_name, parts) => expect(watched(parts)).toBe(tracer));

  const byDaemon = "traces what cupel's launcher starts, and a job in docker is started by Docker's daemon";
  test.each<[string, Partial<LauncherPlan>, string]>([
    ["a user's Docker makes", { maker: docker, outside: "caller" }, byDaemon],
    ["root's Docker makes", { maker: docker, outside: "fresh" }, byDaemon],
    [
      "a user's systemd makes",
      { maker: systemd, outside: "caller" },
      "traces what cupel's launcher starts, and a job in systemd is started by systemd itself",
    ],
    [
      "a user's Podman makes",
      { maker: podman, outside: "caller" },
      "traces all that makes the sandbox, and newuidmap, which Podman maps ids with, has no rights of root's then",
    ],
    [
      "has a kernel of its own",
      { guest: { command: ["/usr/bin/runsc"], root: [], startTimeoutMs: 1, program: "gvisor" } },
      "sees what the host's kernel is asked, and that of a job in it is asked nothing",
    ],
  ])("refuses one whose sandbox %s", (_name, parts, why) => {
    const message = `--explain-denials ${why}; leave it out, or take another strategy (--strategy)`;
    expect(() => watched(parts)).toThrow(new CupelError("refused", message));
  });
});
