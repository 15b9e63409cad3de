/** `cupel runs`: what is kept of runs. */
import { isatty } from "node:tty";
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import { count, formatBytes } from "../report/phrase.ts";
import { renderJson } from "../report/render-json.ts";
import { renderRun, renderRunList } from "../report/render-runs.ts";
import { pruneRuns, readRecordLimits } from "../run/prune-runs.ts";
import { findRunRecord, readRunRecords, summaryOf } from "../run/run-records.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

function list(places: HelperPlaces, isJson: boolean): void {
  const { records, unreadable } = readRunRecords(places);
  if (isJson) return writeOutput(renderJson(records.map(summaryOf)));
  const view = { nowMs: Date.now(), style: styleOf(1), isWide: !isatty(1) };
  writeOutput(renderRunList(records, unreadable.length, view));
}

function show(id: string | undefined, places: HelperPlaces, isJson: boolean): void {
  if (id === undefined) throw new CupelError("usage", "cupel runs show needs the id of a run, or its beginning");
  const record = findRunRecord(id, places);
  writeOutput(isJson ? renderJson(record) : renderRun(record));
}

function prune(host: Host, places: HelperPlaces, isJson: boolean): void {
  if (isJson) throw new CupelError("usage", "--json is for lists and records; leave it out");
  const { removed, removedBytes, left } = pruneRuns(places, readRecordLimits(host));
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
  const places = { directories: stateDirectories(host), uid: host.identity.uid };
  const isJson = flags.has("json");
  if (action === undefined) list(places, isJson);
  else if (action === "show") show(id, places, isJson);
  else prune(host, places, isJson);
  return 0;
}
