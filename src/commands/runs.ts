/** `cupel runs`: what is kept of runs. */
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import { count, formatBytes } from "../report/phrase.ts";
import { renderJson } from "../report/render-json.ts";
import { renderRun, renderRunList } from "../report/render-runs.ts";
import { pruneRuns, readRecordLimits } from "../run/prune-runs.ts";
import { keptNames } from "../run/record-run.ts";
import { findRunRecord, readRunRecords, summaryOf } from "../run/run-records.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { viewOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

function list(places: HelperPlaces, isJson: boolean): void {
  const { records, unreadable } = readRunRecords(places);
  if (isJson) return writeOutput(renderJson(records.map(summaryOf)));
  writeOutput(renderRunList(records, unreadable.length, { nowMs: Date.now(), ...viewOf(1) }));
}

async function show(id: string | undefined, places: HelperPlaces, { flags }: CommandLine): Promise<void> {
  if (id === undefined) throw new CupelError("usage", "cupel runs show needs the id of a run, or its beginning");
  const found = findRunRecord(id, places);
  const [name] = keptNames.filter((kept) => flags.has(kept));
  if (name !== undefined) return (await import("./show-output.ts")).showOutput(found, name);
  writeOutput(flags.has("json") ? renderJson(found.record) : renderRun(found.record, viewOf(1)));
}

/** @throws CupelError `usage`: each of them is all that is written. */
function refuseTogether({ flags, operands: [action] }: CommandLine): void {
  const [one, other] = [...keptNames, "json"].filter((name) => flags.has(name));
  if (one === undefined || one === "json") return;
  if (action !== "show") throw new CupelError("usage", `--${one} is for cupel runs show ID; leave it out`);
  if (other !== undefined) throw new CupelError("usage", `--${one} and --${other} do not go together; leave one out`);
}

function prune(host: Host, places: HelperPlaces, isJson: boolean): void {
  if (isJson) throw new CupelError("usage", "--json is for lists and records; leave it out");
  const { removed, removedBytes, left } = pruneRuns(places, readRecordLimits(host));
  const what =
    removed === 0 ? "nothing to remove" : `removed ${count(removed, "record")} (${formatBytes(removedBytes)})`;
  writeOutput(`runs: ${what}; ${left} left\n`);
}

/** Lists them, shows one, or removes the old ones; gives the exit code. @throws CupelError `usage`. */
export async function runs(line: CommandLine): Promise<number> {
  const { flags, operands } = line;
  const [action, id, more] = operands;
  const surplus = more ?? (action === "show" ? undefined : id);
  if (surplus !== undefined) throw new CupelError("usage", `cupel runs does not take ${JSON.stringify(surplus)} there`);
  refuseTogether(line);
  const host = createRealHost();
  const places = { directories: stateDirectories(host), uid: host.identity.uid };
  const isJson = flags.has("json");
  if (action === undefined) list(places, isJson);
  else if (action === "show") await show(id, places, line);
  else prune(host, places, isJson);
  return 0;
}
