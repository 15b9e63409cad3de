/** `cupel version`. */
import { build } from "../model/build.gen.ts";
import { renderJson } from "../report/render-json.ts";
import { renderVersion } from "../report/render-version.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { writeOutput } from "./terminal.ts";

/** Writes version and build; gives the exit code. */
export function version({ flags }: CommandLine): number {
  const { version: number, id, commit, target, releaseKey } = build;
  const identity = { version: number, build: id, commit, target, releaseKey };
  writeOutput(flags.has("json") ? renderJson(identity) : renderVersion(identity));
  return 0;
}
