/** The native helpers with AddressSanitizer and UBSan, in dist/sanitize. */
import { repositoryRoot } from "./compile-c.ts";
import { execute } from "./execute.ts";

/** Builds what is stale. @throws what the compiler said. */
export async function buildSanitized(): Promise<void> {
  const built = await execute([process.execPath, "scripts/build.ts", "--sanitize"], {
    cwd: repositoryRoot,
    deadlineMs: 120_000,
  });
  if (built.code !== 0) throw new Error(built.stderr);
}
