/** What `run` does with what a job changed in its copy-on-write workspace, once it has ended. */
import { readSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import { countChanges, type LayerRecord } from "../model/layer.ts";
import type { WorkspaceOutcome } from "../model/outcome.ts";
import { formatBytes } from "../report/phrase.ts";
import { printableText } from "../report/printable-text.ts";
import { describeChange, describeKept, sizeOfLayers, summarizeChanges } from "../report/render-changes.ts";
import { describeApplied, describeRefusals } from "../report/render-applied.ts";
import { applyKept } from "../run/apply-kept.ts";
import { findLayer, listLayers } from "../run/kept-layers.ts";
import type { Layer } from "../run/open-layer.ts";
import { settleLayer } from "../run/settle-layer.ts";
import { say, writeErrors } from "./terminal.ts";

/** So many are shown before the question. */
const shownMax = 20;

function readAnswer(): string {
  const bytes = Buffer.alloc(256);
  try {
    return bytes.subarray(0, readSync(0, bytes)).toString().trim().toLowerCase();
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

function isAgreed({ changes, workspace }: LayerRecord): boolean {
  const shown = changes.slice(0, shownMax).map((change) => `  ${describeChange(change)}\n`);
  const more = changes.length > shownMax ? `  and ${changes.length - shownMax} more\n` : "";
  writeErrors(
    `${shown.join("")}${more}Apply ${summarizeChanges(countChanges(changes))} to ${printableText(workspace, true)}? [y/N] `,
  );
  return ["y", "yes"].includes(readAnswer());
}

interface End {
  readonly job: Job;
  readonly host: Host;
  readonly directories: readonly string[];
  readonly isSuccess: boolean;
  readonly isQuiet: boolean;
}

function wantsApply(record: LayerRecord, { job, isSuccess }: End): boolean {
  const { workspace } = job;
  if (workspace.mode !== "cow" || workspace.apply === "never") return false;
  return workspace.apply === "ask" ? isAgreed(record) : isSuccess;
}

/** Whether all of it was applied. */
function tryToApply(record: LayerRecord, { host, isQuiet }: End): boolean {
  try {
    const applied = applyKept(findLayer(record.id, host), { paths: [], skipsRefused: false });
    for (const line of describeRefusals(applied, record)) say(line);
    const isWhole = applied.refusals.length === 0 && applied.failure === undefined;
    if (isWhole && !isQuiet) say(describeApplied(applied, record));
    return isWhole;
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
    say(error.message);
    return false;
  }
}

/** From here on what is kept is worth a line: nothing of it is ever removed without being asked for. */
const keptBytesMax = 10 * 1024 ** 3;

function warnOfKept(host: Host): void {
  const bytes = sizeOfLayers(listLayers(host).map(({ record }) => record));
  if (bytes > keptBytesMax)
    say(
      `changes of jobs that are kept hold ${formatBytes(bytes)}; cupel changes lists them, cupel discard ID forgets one`,
    );
}

/** Keeps it, applies it where that is asked for, and says so; gives what the outcome says of it. */
export function endLayer(layer: Layer, end: End): WorkspaceOutcome {
  const { job, host, directories, isQuiet } = end;
  const ignore = job.workspace.mode === "cow" ? job.workspace.ignore : [];
  const places = { directories, uid: host.identity.uid };
  const settled = settleLayer(layer, { program: job.command[0], ignore, protect: job.layout.protect }, places);
  const manner = layer.manner;
  if (settled.result === "unchanged") return { manner, changes: countChanges([]) };
  if (settled.result === "lost") {
    say(`what the job changed in the workspace is lost: ${settled.reason}`);
    return { manner, lost: settled.reason };
  }
  const { record } = settled;
  const changes = countChanges(record.changes);
  if (wantsApply(record, end) && tryToApply(record, end)) return { manner, changes, isApplied: true };
  if (!isQuiet) say(describeKept(record));
  if (!isQuiet) warnOfKept(host);
  return { manner, changes, id: record.id, isApplied: false };
}
