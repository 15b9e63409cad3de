/** Links of a project's own: who trusted a path in its file did not trust wherever a link in the project leads tomorrow. */
import { resolve } from "node:path";
import { isThere } from "../host/is-there.ts";
import { ancestorsOf } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";
import { isWithin } from "../model/job.ts";
import { realPath } from "./real-path.ts";
import type { Statement } from "./statements.ts";

/** What of the file system is the project's: its Git repository, or else the directory of its file. Canonical. */
function topOf(directory: string): string {
  return [directory, ...ancestorsOf(directory)].find((place) => isThere(`${place}/.git`)) ?? directory;
}

/** @throws CupelError `usage` for a granted path that goes through a link in the project whose file is in `directory`. */
export function refuseProjectLinks(stated: readonly Statement[], directory: string): void {
  const canonical = realPath(directory) ?? directory;
  const top = topOf(canonical);
  for (const { key, word, field, place } of stated) {
    if (key !== "read" && key !== "write") continue;
    const real = realPath(word);
    const written = resolve(word.startsWith(`${directory}/`) ? `${canonical}${word.slice(directory.length)}` : word);
    if (real === undefined || real === written || !isWithin(written, top)) continue;
    throw new CupelError(
      "usage",
      `${place ?? ""}: ${field} ${word} leads through a link in the project to ${real}, and any change of the project could lead it elsewhere; name where it leads`,
    );
  }
}
