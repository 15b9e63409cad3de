/** The user's own configuration: what a job file says but the command. It counts in full, so nobody else may write it. */
import { dirname } from "node:path";
import { statSync } from "node:fs";
import * as v from "valibot";
import type { Host } from "../host/host.ts";
import { checkPrivateDirectory, isRootOfTheHost } from "../host/private-directory.ts";
import { readInputFile } from "../host/read-input-file.ts";
import { CupelError } from "../model/error.ts";
import { settingSchemas, versionSchema } from "./job-file.ts";
import { recordSettingsSchema } from "./record-settings.ts";
import { realPath } from "./real-path.ts";
import { readStrictDocument, type StrictDocument } from "./strict-document.ts";

/** The shape of the file. */
export const configSchema = v.strictObject({
  version: v.optional(versionSchema),
  ...settingSchemas,
  records: recordSettingsSchema,
});

/** What it says. */
export type UserConfiguration = v.InferOutput<typeof configSchema>;

const maxBytes = 1024 * 1024;

function problemOfDirectory(directory: string, uid: number): string | undefined {
  if (isRootOfTheHost(uid)) {
    const place = checkPrivateDirectory(directory, uid);
    return place.ok ? undefined : place.reason;
  }
  const stats = statSync(directory);
  if (stats.uid !== uid && stats.uid !== 0) return `${directory} belongs to user ${stats.uid}`;
  // In a sticky directory nobody replaces another's file (unlink(2)).
  const isOpen = (stats.mode & 0o022) !== 0 && (stats.mode & 0o1000) === 0;
  return isOpen ? `${directory} can be changed by others than you` : undefined;
}

/** Reads it. @throws CupelError `usage` for what is wrong in it, and where others could have written it. */
export function readUserConfiguration(path: string, { identity: { uid } }: Host): StrictDocument<UserConfiguration> {
  const real = realPath(path) ?? path;
  const owners = [uid, 0];
  const text = readInputFile(real, { what: "your configuration", maxBytes, pipes: false, owners });
  const problem = problemOfDirectory(dirname(real), uid);
  if (problem === undefined) return readStrictDocument(text, path, configSchema);
  throw new CupelError("usage", `${path} is not taken as your configuration, since ${problem}; make it yours alone`);
}
