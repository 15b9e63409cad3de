/** `cupel trust`: what a project asks for beyond the rest counts from then on, until its file changes. */
import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Host } from "../host/host.ts";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import { renderTrusted, renderWishes, type TrustedFile } from "../report/render-trust.ts";
import { readProjectWishes } from "../run/layered-request.ts";
import { readProjectText } from "../run/policy-file.ts";
import { refuseProjectLinks } from "../run/project-links.ts";
import {
  hashOf,
  isTrusted,
  listTrusted,
  recordTrust,
  revokeTrust,
  trustPathOf,
  type TrustRecord,
} from "../run/project-trust.ts";
import { findSettingsFiles, projectFileName } from "../run/settings-files.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

/** The file that is meant, or that of the directory that is. @throws CupelError `usage` where there can be none. */
function fileOf({ operands }: CommandLine, host: Host): string {
  const [named] = operands;
  const found = findSettingsFiles(host).project;
  if (named === undefined && found !== undefined) return found;
  if (named === undefined || named === "") {
    throw new CupelError("usage", `there is no ${projectFileName} that a job here would find; name one`);
  }
  const path = resolve(host.directory, named);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return `${path}/${projectFileName}`;
  if (basename(path) === projectFileName) return path;
  throw new CupelError("usage", `${named} is not called ${projectFileName}, so no job finds it and it needs no trust`);
}

function refuseTogether({ flags, operands }: CommandLine): void {
  const [one, other] = ["show", "list", "revoke"].filter((name) => flags.has(name));
  if (one !== undefined && other !== undefined) {
    throw new CupelError("usage", `--${one} and --${other} do not go together; leave one out`);
  }
  if (one === "list" && operands.length > 0) {
    throw new CupelError("usage", `--list shows all that is trusted; leave ${JSON.stringify(operands[0])} out`);
  }
}

/** What became of a file since. */
function stateOf({ path, sha256 }: TrustRecord): TrustedFile["state"] {
  try {
    return hashOf(readProjectText(path)) === sha256 ? "trusted" : "changed";
  } catch (error) {
    if (error instanceof CupelError) return "gone";
    throw error;
  }
}

function list(host: Host): string {
  const files = listTrusted(host).map((record) => ({ ...record, state: stateOf(record) }));
  return renderTrusted(files, styleOf(1));
}

function revoke(path: string, host: Host): string {
  const canonical = trustPathOf(path);
  return `${canonical} ${revokeTrust(canonical, host) ? "is trusted no more" : "was not trusted"}\n`;
}

/** Shows what the file asks for, and with `isRecorded` allows it: what was read once is what is shown and recorded. */
function show(path: string, host: Host, isRecorded: boolean): string {
  const project = readProjectWishes(path, findSettingsFiles(host).user, host);
  const { all, wishes } = project;
  refuseProjectLinks(all, dirname(path));
  if (isRecorded) recordTrust(project, host);
  return renderWishes({ path: project.path, wishes, isTrusted: isTrusted(project, host) }, styleOf(1));
}

/** Does it; gives the exit code. @throws CupelError `usage`; `set-up` where it cannot be recorded or removed. */
export function trust(line: CommandLine): number {
  refuseTogether(line);
  const host = createRealHost();
  if (line.flags.has("list")) writeOutput(list(host));
  else if (line.flags.has("revoke")) writeOutput(revoke(fileOf(line, host), host));
  else writeOutput(show(fileOf(line, host), host, !line.flags.has("show")));
  return 0;
}
