/** Tests that need something of the machine. */
import { test } from "bun:test";

/** With MUST_WORK=1 a test that cannot be run has failed: a skipped proof is no proof. */
const mustWork = process.env["MUST_WORK"] === "1";

/**
 * `test` where the condition holds. Otherwise the test is skipped, with the reason in its title; with MUST_WORK=1 it
 * fails.
 */
export function needs(condition: boolean, reason: string): (title: string, body: () => void | Promise<void>) => void {
  if (condition) return (title, body) => test(title, body);
  return (title, body) => {
    if (!mustWork) {
      test.skip(`${title} (skipped: ${reason})`, body);
      return;
    }
    test(title, () => {
      throw new Error(`this test cannot be run here: ${reason}`);
    });
  };
}

/** {@link needs} for programs in PATH. */
export function needsPrograms(...names: readonly string[]): ReturnType<typeof needs> {
  const missing = names.filter((name) => Bun.which(name) === null);
  return needs(missing.length === 0, `${missing.join(", ")} not installed`);
}
