/** The kernel, and whether the helpers that came with cupel are programs that it runs. */
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, readSteps } from "./_steps.ts";

async function run(context: ProbeContext) {
  return { "host.kernel": readKernel(context), "host.architecture": await runHelper(context) };
}

/** The release says who built the kernel, not what is in it: distributions backport, sandboxes make it up. */
function readKernel({ host }: ProbeContext): Finding {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const version = readLine(host, "/proc/version");
  const evidence = [
    { action: "read /proc/sys/kernel/osrelease", result: lineOrErrno(release) },
    { action: "read /proc/version", result: lineOrErrno(version) },
  ];
  const named = version.ok ? /^Linux version (\S+)/.exec(version.value)?.[1] : undefined;
  const value = release.ok && release.value !== "" ? release.value : named;
  if (value === undefined) {
    const summary = "/proc does not say which kernel this is";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  return finding({ state: "works", level: "declared", summary: `Linux ${value}`, evidence, value });
}

async function runHelper({ host, helpers }: ProbeContext): Promise<Finding> {
  const reading = readSteps("fork-limit", await helpers.probe("fork-limit", ["1"], 1000));
  const evidence = evidenceOf(reading, { forked: "run the prober and have it fork once" });
  const value = host.architecture;
  if (errnoAt(reading, "forked") === "ok") {
    return finding({ state: "works", level: "exercised", summary: `${value}; helpers run`, evidence, value });
  }
  if (value !== "x64" && value !== "arm64") {
    const blockers = [{ code: "policy", detail: `cupel has helpers for x64 and arm64, not for ${value}` }] as const;
    return finding({
      state: "absent",
      level: "declared",
      summary: `${value}: no helpers for it`,
      evidence,
      blockers,
      value,
    });
  }
  return finding({
    state: "unknown",
    level: "inferred",
    summary: `${value}; the helpers could not be run`,
    evidence,
    value,
  });
}

/** Probe `kernel`. */
export default defineProbe({
  id: "kernel",
  area: "host",
  capabilities: { "host.kernel": "Kernel", "host.architecture": "Architecture" },
  deadlineMs: 3000,
  run: onLinux(["host.kernel", "host.architecture"], run),
});
