/** The file that a report's problems are pinned to. */
import { posix } from "node:path";
import { CupelError } from "../model/error.ts";

/** Where demands are written unless told otherwise. */
export const defaultLocation = "cupel.yaml";

/** The path, plain and relative to the root of the repository. An absolute one would tell of this machine, so it is refused. */
export function relativeLocation(path: string): string {
  const normal = posix.normalize(path);
  const isOutside = normal.startsWith("/") || normal.startsWith("..") || /^[A-Za-z][\w+.-]*:/u.test(path);
  if (path === "" || normal === "." || isOutside || normal.includes("\\")) {
    throw new CupelError("usage", `the location "${path}" is no path of a file in the repository`, {
      hint: "Give it relative to the repository's root: .github/workflows/ci.yaml",
    });
  }
  return normal;
}
