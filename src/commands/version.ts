/** `cupel version`. */
import { build } from "../model/build.gen.ts";
import { renderJson } from "../report/render-json.ts";
import { renderVersion } from "../report/render-version.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** Writes version and build; gives the exit code. */
export function version({ flags }: CommandLine): number {
  const cupel = { version: build.version, build: build.id };
  process.stdout.write(flags.has("json") ? renderJson(cupel) : renderVersion(cupel));
  return 0;
}
