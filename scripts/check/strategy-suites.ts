/**
 * What `namespaces` is tested with in the common run, once more in every other strategy that makes a sandbox: the same
 * files, with `CUPEL_TEST_STRATEGY` (test/support/run-cli.ts).
 */
import type { CheckStep } from "./steps.ts";

/** By strategy, the program that it takes; `landlock` takes a kernel that has it, which the tests find out. */
const programs: Readonly<Record<string, string | undefined>> = { bubblewrap: "bwrap", landlock: undefined };

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

/** One check for each strategy. */
export function strategySteps(): CheckStep[] {
  return Object.entries(programs).map(([strategy, needs]) => ({
    name: `tests of sandboxes in ${strategy}`,
    command: [process.execPath, "test", "--only-failures", "--timeout=60000", ...files],
    environment: { CUPEL_TEST_STRATEGY: strategy },
    ...(needs === undefined ? {} : { needs }),
  }));
}
