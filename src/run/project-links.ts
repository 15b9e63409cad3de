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

/** Where a path leads if nothing of the project is a link; undefined where it does not lead into the project. */
function withoutLinks(path: string, top: string): string | undefined {
  const written = resolve(path);
  for (const place of [written, ...ancestorsOf(written)].toReversed()) {
    const real = realPath(place);
    if (real !== undefined && isWithin(real, top)) return `${real}${written.slice(place.length)}`;
  }
  return undefined;
}

/** @throws CupelError `usage` for a granted path that goes through a link in the project whose file is in `directory`. */
export function refuseProjectLinks(stated: readonly Statement[], directory: string): void {
  const top = topOf(realPath(directory) ?? directory);
  for (const { key, word, field, place } of stated) {
    if (key !== "read" && key !== "write" && key !== "root") continue;
    const path = key === "root" ? word.slice(word.indexOf(":") + 1) : word;
    const real = realPath(path);
    const plain = withoutLinks(path, top);
    if (real === undefined || plain === undefined || real === plain) continue;
    throw new CupelError(
      "usage",
      `${place ?? ""}: ${field} ${word} leads through a link in the project to ${real}, and any change of the project could lead it elsewhere; name where it leads`,
    );
  }
}
