/** One request from all who may say what a job is to be like: flags, a job file, the project and the user. */
import { dirname, resolve } from "node:path";
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { Origin } from "../model/origin.ts";
import { quoteWords } from "../report/shell-words.ts";
import { readJobFile, type JobFile } from "./job-file.ts";
import { jobFields } from "./job-fields.ts";
import { commandOf, defaultRequest, type JobRequest } from "./job-request.ts";
import { parsePolicy, readProjectText } from "./policy-file.ts";
import { refuseProjectLinks } from "./project-links.ts";
import { hashOf, isTrusted, trustPathOf } from "./project-trust.ts";
import { defaultCaps } from "./resolve-job.ts";
import type { SettingsFiles } from "./settings-files.ts";
import {
  mergeStatements,
  originOf,
  settingsOf,
  statementsOfFile,
  statementsOfFlags,
  subjectOf,
  type Statement,
} from "./statements.ts";
import type { StrictDocument } from "./strict-document.ts";
import { tighten, type Tightened } from "./tighten.ts";
import { readUserConfiguration } from "./user-configuration.ts";

/** What there is to read. */
export interface Layers extends SettingsFiles {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Words of a command; they count more than a job file's. */
  readonly words: readonly string[];
  /** The job file that was named. */
  readonly job?: string | undefined;
}

/** A request, and what a project that is not trusted asks for in vain. */
export interface LayeredRequest {
  readonly request: JobRequest;
  readonly leftOut: readonly Origin[];
}

/** What a project asks for. */
export interface ProjectWishes extends Tightened {
  /** Path and content, by which it can be trusted. */
  readonly path: string;
  readonly sha256: string;
  readonly all: readonly Statement[];
  /** What asks for more than the user's configuration gives, or than cupel does by itself, should that change. */
  readonly wishes: readonly Statement[];
}

function refuseTwoStrategies(stated: readonly Statement[]): void {
  const [one, other] = stated.filter(({ key }) => key === "strategy");
  if (one === undefined || other === undefined || one.word === other.word) return;
  throw new CupelError(
    "usage",
    `${other.place}: ${other.field} is ${other.word}, and ${one.field} is ${one.word}; name one strategy`,
  );
}

/** @throws CupelError `usage` for a program that a file names which is not the user's own: it would run outside of any sandbox. */
function refuseForeignCommands(stated: readonly Statement[]): void {
  const foreign = stated.find(
    ({ key, word, from }) =>
      (key === "secrets" || key === "secretDescriptors") &&
      (from === "project" || from === "job file") &&
      /^[^=]*=command:/.test(word),
  );
  if (foreign === undefined) return;
  throw new CupelError(
    "usage",
    `${foreign.place}: ${foreign.field} names a program that cupel would run outside of the sandbox; name it by a flag, or in your own configuration`,
  );
}

function statementsOfUser(path: string | undefined, host: Host): readonly Statement[] {
  return path === undefined ? [] : statementsOfFile(readUserConfiguration(path, host), "user", dirname(path));
}

/** Reads the project's file beside the user's, which it can only tighten. @throws CupelError `usage`. */
export function readProjectWishes(path: string, user: string | undefined, host: Host): ProjectWishes {
  const text = readProjectText(path);
  const all = statementsOfFile(parsePolicy(text, path), "project", dirname(path));
  refuseTwoStrategies(all);
  const limits = defaultCaps(host);
  const settings = { ...defaultRequest, ...settingsOf(mergeStatements(statementsOfUser(user, host))) };
  const tightened = tighten(all, { settings, limits });
  const more = new Set([...tightened.leftOut, ...tighten(all, { settings: defaultRequest, limits }).leftOut]);
  const wishes = all.filter((statement) => more.has(statement));
  return { ...tightened, path: trustPathOf(path), sha256: hashOf(text), all, wishes };
}

/** What counts of a project: all of it where it is trusted, which matters only where it asks for more. */
function projectStatements(path: string, user: string | undefined, host: Host): Tightened {
  const wishes = readProjectWishes(path, user, host);
  if (wishes.leftOut.length === 0 || !isTrusted(wishes, host)) return wishes;
  refuseProjectLinks(wishes.all, dirname(path));
  return { counting: wishes.all, leftOut: [] };
}

/** Whether a file's statement counts: not one for a flag that --without names. */
function isTaken(flags: Layers["flags"]): (statement: Statement) => boolean {
  const without = (flags.get("without") ?? []).flatMap((names) => names.split(","));
  return ({ key }) => !without.includes(jobFields[key].flag);
}

function commandOrigin(
  command: readonly string[],
  { words }: Layers,
  job: StrictDocument<JobFile> | undefined,
): Origin {
  const common = { flag: "", field: "command", value: quoteWords(command) };
  if (words.length > 0 || job === undefined) return { ...common, from: "flag" };
  return { ...common, from: "job file", place: job.placeOf(["command"]) };
}

/** The request. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function readLayeredRequest(layers: Layers, host: Host): LayeredRequest {
  const { flags, words, job: jobPath, project, user } = layers;
  const job = jobPath === undefined ? undefined : readJobFile(jobPath);
  const ofJob =
    job === undefined || jobPath === undefined
      ? []
      : statementsOfFile(job, "job file", dirname(resolve(host.directory, jobPath)));
  const below = project === undefined ? { counting: [], leftOut: [] } : projectStatements(project, user, host);
  const takes = isTaken(flags);
  const above = [...ofJob.filter(takes), ...statementsOfFlags(flags)];
  const merged = mergeStatements([...[...statementsOfUser(user, host), ...below.counting].filter(takes), ...above]);
  refuseForeignCommands(merged);
  const command = commandOf(words.length > 0 ? words : (job?.value.command ?? []));
  const origins = [commandOrigin(command, layers, job), ...merged.map(originOf)];
  const decided = new Set(above.map(subjectOf));
  return {
    request: { ...defaultRequest, ...settingsOf(merged), command, origins },
    leftOut: below.leftOut.filter((statement) => takes(statement) && !decided.has(subjectOf(statement))).map(originOf),
  };
}
