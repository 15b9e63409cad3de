/** `cupel runs show ID --output`: what a job wrote, byte for byte as it was kept. */
import { closeSync, constants, createReadStream, openSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { writeToReader } from "../host/write-to-reader.ts";
import { CupelError } from "../model/error.ts";
import type { keptNames } from "../run/record-run.ts";
import { formatBytes } from "../report/phrase.ts";
import type { FoundRecord } from "../run/run-records.ts";
import { say } from "./terminal.ts";

function openKept(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new CupelError("usage", `${path} cannot be read (${errnoOf(error)})`, { cause: error });
  }
}

async function copyOut(descriptor: number): Promise<void> {
  try {
    for await (const chunk of createReadStream("", { fd: descriptor, autoClose: false, start: 0 }))
      await writeToReader(1, chunk as Buffer);
  } catch (error) {
    const errno = errnoOf(error);
    // A reader that went away has what it wanted.
    if (errno === "EPIPE") return;
    throw new CupelError("set-up", `standard output could not be written (${errno}); what it holds is not all`, {
      cause: error,
    });
  }
}

/** Writes it to standard output, and says what was not kept. @throws CupelError `usage` where nothing was. */
export async function showOutput({ path, record }: FoundRecord, name: (typeof keptNames)[number]): Promise<void> {
  const kept = record.keptOutput?.[name];
  if (kept === undefined) {
    throw new CupelError("usage", `Nothing of what run ${record.id} wrote was kept; cupel run --keep-output keeps it`);
  }
  const descriptor = openKept(`${path}/${name}`);
  await copyOut(descriptor).finally(() => closeSync(descriptor));
  const { bytes, cutBytes } = kept;
  if (cutBytes > 0) say(`the job wrote ${formatBytes(cutBytes)} more, beyond the ${formatBytes(bytes)} that were kept`);
}
