/** `cupel doctor`: what this host can enforce. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Report } from "../model/report.ts";
import { renderJson } from "../report/render-json.ts";
import { renderText } from "../report/render-text.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { say } from "./terminal.ts";

/** The default job's demands: all hold, one fails, or one cannot be told. */
export function doctorExitCode({ selection, trials, capabilities }: Report): 0 | 1 | 3 {
  if (selection.chosen !== undefined) return 0;
  const closest = selection.rejected.find(({ strategy }) => strategy === selection.closest)?.reason;
  const missing =
    closest?.kind === "capability" ? closest.capability : closest?.kind === "guarantee" ? closest.missing : undefined;
  const isUnknown =
    capabilities.find(({ id }) => id === missing)?.state === "unknown" ||
    trials.find(({ strategy }) => strategy === selection.closest)?.result === "unknown";
  return isUnknown ? 3 : 1;
}

/** Runs it; gives the exit code. */
export async function doctor({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const { report, unsaved } = await measureHost(host, stateDirectories(host));
  const style = styleOf(process.stdout);
  process.stdout.write(flags.has("json") ? renderJson(report) : renderText(report, style, { all: flags.has("all") }));
  if (unsaved !== undefined) say(`the report could not be saved: ${unsaved}`);
  return doctorExitCode(report);
}
