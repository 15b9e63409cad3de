/** `cupel runs`: what is kept of runs. */
import { isatty } from "node:tty";
import type { Host } from "../host/host.ts";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import { count, formatBytes } from "../report/phrase.ts";
import { renderJson } from "../report/render-json.ts";
import { renderRun, renderRunList } from "../report/render-runs.ts";
import { pruneRuns, readRecordLimits } from "../run/prune-runs.ts";
import { findRunRecord, readRunRecords, summaryOf } from "../run/run-records.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

function list(host: Host, isJson: boolean): void {
  const { records, unreadable } = readRunRecords(host);
  if (isJson) return writeOutput(renderJson(records.map(summaryOf)));
  const view = { nowMs: Date.now(), style: styleOf(1), isWide: !isatty(1) };
  writeOutput(renderRunList(records, unreadable.length, view));
}

function show(id: string | undefined, host: Host, isJson: boolean): void {
  if (id === undefined) throw new CupelError("usage", "cupel runs show needs the id of a run, or its beginning");
  const record = findRunRecord(id, host);
  writeOutput(isJson ? renderJson(record) : renderRun(record));
}

function prune(host: Host, isJson: boolean): void {
  if (isJson) throw new CupelError("usage", "--json is for lists and records; leave it out");
  const { removed, removedBytes, left } = pruneRuns(host, readRecordLimits(host));
  const what =
    removed === 0 ? "nothing to remove" : `removed ${count(removed, "record")} (${formatBytes(removedBytes)})`;
  writeOutput(`runs: ${what}; ${left} left\n`);
}

/** Lists them, shows one, or removes the old ones; gives the exit code. @throws CupelError `usage`. */
export function runs({ flags, operands }: CommandLine): number {
  const [action, id, more] = operands;
  const surplus = more ?? (action === "show" ? undefined : id);
  if (surplus !== undefined) throw new CupelError("usage", `cupel runs does not take ${JSON.stringify(surplus)} there`);
  const host = createRealHost();
  const isJson = flags.has("json");
  if (action === undefined) list(host, isJson);
  else if (action === "show") show(id, host, isJson);
  else prune(host, isJson);
  return 0;
}
