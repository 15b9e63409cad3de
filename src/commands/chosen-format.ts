/** The format that `--format` or `--json` names. */
import { reportFormats, type ReportFormatName } from "../report/formats.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** All names that `--format` takes. */
export const formatChoices: readonly string[] = [...Object.keys(reportFormats), "auto"];

/** Every format's name. */
export const formatNames = Object.keys(reportFormats) as readonly ReportFormatName[];

/**
 * What standard output is read by here. GitHub's runner takes annotations from it and sets GITHUB_ACTIONS to `true`
 * (docs.github.com, default environment variables). GitLab's shows it to people and takes test reports from files, so
 * text is right there, as it is in a terminal.
 */
function automaticFormat(environment: Readonly<Record<string, string | undefined>>): ReportFormatName {
  return environment["GITHUB_ACTIONS"] === "true" ? "github" : "text";
}

/** Its name; text where none is named. */
export function chosenFormat(
  { flags }: CommandLine,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ReportFormatName {
  const named = flags.has("json") ? "json" : flags.get("format")?.at(-1);
  if (named === "auto") return automaticFormat(environment);
  return formatNames.find((name) => name === named) ?? "text";
}
