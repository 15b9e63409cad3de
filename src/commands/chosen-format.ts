/** The format that `--format` or `--json` names. */
import { reportFormats, type ReportFormatName } from "../report/formats.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** Its name; text where none is named. */
export function chosenFormat({ flags }: CommandLine): ReportFormatName {
  const named = flags.has("json") ? "json" : flags.get("format")?.at(-1);
  const names = Object.keys(reportFormats) as ReportFormatName[];
  return names.find((name) => name === named) ?? "text";
}
