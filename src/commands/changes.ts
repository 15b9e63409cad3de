/** `cupel changes`: what jobs with a copy-on-write workspace changed and is kept. */
import { isatty } from "node:tty";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import type { Change } from "../model/layer.ts";
import { printableLine } from "../report/printable-text.ts";
import { describeChange, renderChanges, renderLayerList } from "../report/render-changes.ts";
import { unifiedHunks } from "../report/unified-diff.ts";
import { readChangeTexts } from "../run/change-texts.ts";
import { findLayer, listLayers, type KeptLayer } from "../run/kept-layers.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { viewOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

function diffOf(change: Change, { directory, record }: KeptLayer): string {
  const about = `${describeChange(change)}\n`;
  const isText = change.kind === "file" || change.before?.kind === "file";
  if (!isText || change.change === "mode-changed") return about;
  const { before, after } = readChangeTexts(change, record.workspace, `${directory}/upper`);
  if ("reason" in before) return `${about}not shown: ${before.reason}\n`;
  if ("reason" in after) return `${about}not shown: ${after.reason}\n`;
  const [old, now] = [
    change.before === undefined ? "/dev/null" : `a/${change.path}`,
    change.change === "deleted" ? "/dev/null" : `b/${change.path}`,
  ].map((name) => printableLine(name, true));
  const hunks = unifiedHunks(before.text, after.text);
  return hunks === "" ? about : `${about}--- ${old}\n+++ ${now}\n${hunks}`;
}

/** A job's text could repaint a terminal; what goes to a file or a program is passed on as it is. */
function forReader(text: string): string {
  if (!isatty(1)) return text;
  const lines = text.split("\n").map((line) => line.split("\t").map((part) => printableLine(part, true)));
  return lines.map((parts) => parts.join("\t")).join("\n");
}

/** Shows them; gives the exit code. @throws CupelError `usage` for an id that there is not. */
export function changes({ flags, operands }: CommandLine): number {
  const host = createRealHost();
  const [id] = operands;
  if (id === undefined) {
    if (flags.has("diff")) throw new CupelError("usage", "--diff shows the changes of one job; name its id");
    const records = listLayers(host).map(({ record }) => record);
    writeOutput(flags.has("json") ? `${JSON.stringify(records, undefined, 2)}\n` : renderLayerList(records, viewOf(1)));
    return 0;
  }
  const layer = findLayer(id, host);
  if (flags.has("json") && flags.has("diff"))
    throw new CupelError("usage", "--json and --diff do not go together; leave one out");
  if (flags.has("json")) writeOutput(`${JSON.stringify(layer.record, undefined, 2)}\n`);
  else if (flags.has("diff"))
    writeOutput(forReader(layer.record.changes.map((change) => diffOf(change, layer)).join("")));
  else writeOutput(renderChanges(layer.record, viewOf(1)));
  return 0;
}
