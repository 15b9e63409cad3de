/**
 * What `namespaces` is tested with in the common run, once more in every other strategy that makes a sandbox: the same
 * files, with `CUPEL_TEST_STRATEGY` (test/support/run-cli.ts).
 */
import { readLandlockVersion } from "../../test/support/confined-plan.ts";
import type { CheckStep } from "./steps.ts";

/** Quick ones that look at a sandbox from inside, and at how jobs end. */
const files = [
  "test/kernel/escapes.test.ts",
  "test/e2e/isolation-files.test.ts",
  "test/e2e/isolation-processes.test.ts",
  "test/e2e/isolation-network.test.ts",
  "test/e2e/endings.test.ts",
  "test/e2e/five-ends.test.ts",
  "test/e2e/limits.test.ts",
  "test/e2e/root-caller.test.ts",
  "test/e2e/umask.test.ts",
];

/** Landlock's first version with scopes (landlock(7), Linux 6.12): before it no job without namespaces ends as a whole. */
const versionWithScopes = 6;

/** One check for each strategy. */
export async function strategySteps(): Promise<CheckStep[]> {
  const version = await readLandlockVersion();
  const lacks = version < versionWithScopes ? `Landlock's version here is ${version}, and has no scopes` : undefined;
  // Two of them at once: the longest first.
  return [
    withDocker(suitesIn("docker", { needs: "dockerd" })),
    suitesIn("podman", { needs: "podman" }),
    suitesIn("gvisor", { needs: "runsc" }),
    suitesIn("bubblewrap", { needs: "bwrap" }),
    suitesIn("landlock", { lacks }),
  ];
}

/** Beside a daemon of its own. */
function withDocker(step: CheckStep): CheckStep {
  return { ...step, command: [process.execPath, "test/support/with-docker.ts", ...step.command] };
}

function suitesIn(strategy: string, needed: Pick<CheckStep, "needs" | "lacks">): CheckStep {
  return {
    name: `tests of sandboxes in ${strategy}`,
    command: [process.execPath, "test", "--only-failures", "--timeout=60000", ...files],
    environment: { CUPEL_TEST_STRATEGY: strategy },
    ...needed,
  };
}
