/** Which directories of a layer show nothing of what lies below them: attributes say so, which only the courier can read. */
import { spawnSync } from "node:child_process";
import { CupelError } from "../model/error.ts";
import { openHelperFiles } from "../launch/helper-file.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";

/** What the courier answers for each path. */
const opaqueMark = "o";

const deadlineMs = 60_000;

/**
 * The opaque ones of some directories, by paths relative to `upper`.
 * @throws CupelError `set-up` where that cannot be told.
 */
export function findOpaqueDirectories(upper: string, paths: readonly string[], places: HelperPlaces): Set<string> {
  if (paths.length === 0) return new Set();
  const input = paths.map((path) => `${path}\0`).join("");
  const reasons: string[] = [];
  for (const file of openHelperFiles("courier", places.directories, places.uid)) {
    try {
      const ended = spawnSync(file.path, ["marks", upper], { input, env: {}, timeout: deadlineMs });
      const marks = ended.status === 0 ? ended.stdout.toString() : "";
      if (marks.length === paths.length) return new Set(paths.filter((_, index) => marks[index] === opaqueMark));
      reasons.push(`${file.storedAt}: ${ended.error?.message ?? `exit code ${String(ended.status)}`}`);
    } finally {
      file.close();
    }
  }
  throw new CupelError("set-up", `What the job removed cannot be told: ${reasons.join("; ")}`);
}
