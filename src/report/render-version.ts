/** The answer to `cupel version`. */
import type { Report } from "../model/report.ts";

/** One line: name, version and build. */
export function renderVersion({ version, build }: Report["cupel"]): string {
  return `cupel ${version} (build ${build})\n`;
}
