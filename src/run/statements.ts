/**
 * What flags and files state about a job, one value each with its place: how several layers of them come to one request.
 * Pure.
 */
import { resolve } from "node:path";
import { CupelError } from "../model/error.ts";
import { isolationStrength, isolationClasses } from "../model/guarantee.ts";
import type { Origin, OriginKind } from "../model/origin.ts";
import { jobFields, offWord, readSettings, settingKeys, type JobField, type SettingKey } from "./job-fields.ts";
import type { Path } from "./document-places.ts";
import { engineNames } from "./image/engine-image.ts";
import { rootKinds, twoNetworks, type JobSettings } from "./job-request.ts";
import type { StrictDocument } from "./strict-document.ts";

/** One value. */
export interface Statement {
  readonly key: SettingKey;
  /** As the flag would be given it. */
  readonly word: string;
  readonly from: OriginKind;
  /** `limits.memory`, or `--memory`. */
  readonly field: string;
  /** `FILE:LINE:COLUMN`; absent for a flag. */
  readonly place?: string | undefined;
}

/** @throws CupelError `usage` for a name that one flag, or one field, gives two values. */
function refuseTwice(stated: readonly Statement[]): readonly Statement[] {
  const seen = new Set<string>();
  for (const statement of stated.filter(({ key }) => jobFields[key].merge === "variables")) {
    const subject = `${statement.field} ${subjectOf(statement)}`;
    if (seen.has(subject))
      throw new CupelError("usage", `${placedField(statement)} ${nameIn(statement)} is given twice; give it once`);
    seen.add(subject);
  }
  return stated;
}

/** What the flags state. @throws CupelError `usage` for a name that is given twice. */
export function statementsOfFlags(flags: ReadonlyMap<string, readonly string[]>): readonly Statement[] {
  const stated = settingKeys.flatMap((key) => {
    const field = `--${jobFields[key].flag}`;
    return (flags.get(jobFields[key].flag) ?? []).map((word) => ({ key, word, from: "flag" as const, field }));
  });
  return refuseTwice(stated);
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  const [key, ...rest] = keys;
  if (key === undefined || typeof value !== "object" || value === null) return key === undefined ? value : undefined;
  return Object.hasOwn(value, key) ? valueAt((value as Readonly<Record<string, unknown>>)[key], rest) : undefined;
}

/** The word that a flag would be given for one value. */
function wordOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "" : offWord;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The words for a value that was checked, and where in it each stands. A list of which the last would count is one value. */
function wordsOf(value: unknown, key: SettingKey): readonly { readonly word: string; readonly at: Path }[] {
  if (value === undefined) return [];
  const field: JobField<unknown> = jobFields[key];
  if (field.merge === "last" && Array.isArray(value)) return [{ word: JSON.stringify(value), at: [] }];
  const itemWord = (field.wordOf ?? wordOf) as (item: unknown) => string;
  if (Array.isArray(value)) return value.map((item, index) => ({ word: itemWord(item), at: [index] }));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).map(([name, one]) => ({ word: `${name}=${wordOf(one)}`, at: [name] }));
  }
  return [{ word: wordOf(value), at: [] }];
}

/** Without `..`, so that what is shown of it is what is granted; one that is absolute is the kernel's to resolve. */
function absolute(path: string, directory: string): string {
  return path.startsWith("/") ? path : resolve(directory, path);
}

/** What stands in front of a path, and is no part of it; an engine's image has none. */
const rootStart = new RegExp(
  `^(?!image:(?:${engineNames.join("|")}):)(?<name>${rootKinds.join("|")})(?<path>.+)$`,
  "s",
);
const secretStart = /^(?<name>[^=]*=file:)(?<path>.+)$/s;

/** Paths of the host's in a file begin at its directory; those in the job's root have no other place to begin at. */
function fromDirectory(key: SettingKey, word: string, directory: string): string {
  if (key === "read" || key === "write" || key === "deny" || key === "artifactsTo") return absolute(word, directory);
  const start = key === "root" ? rootStart : secretKeys.has(key) ? secretStart : undefined;
  const { name, path } = start?.exec(word)?.groups ?? {};
  return name === undefined || path === undefined ? word : `${name}${absolute(path, directory)}`;
}

/** What a file states; its paths begin at `directory`. @throws CupelError `usage` for a name that is given twice. */
export function statementsOfFile(
  { value, placeOf }: StrictDocument<object>,
  from: OriginKind,
  directory: string,
): readonly Statement[] {
  const stated = settingKeys.flatMap((key) =>
    jobFields[key].fields.flatMap((field) => {
      const keys = field.split(".");
      return wordsOf(valueAt(value, keys), key).map(({ word, at }) => ({
        key,
        word: fromDirectory(key, word, directory),
        from,
        field,
        place: placeOf([...keys, ...at]),
      }));
    }),
  );
  return refuseTwice(stated);
}

/** The name in front of a value: of a variable, a file, a secret, or a private directory with its size. */
function nameIn({ key, word }: Pick<Statement, "key" | "word">): string {
  return key === "tmpfs" ? word.replace(/:[^:]*$/, "") : (word.split("=", 1)[0] ?? "");
}

/** What two statements have in common where only one of them can count. */
export function subjectOf(statement: Statement): string {
  const { key, word } = statement;
  switch (jobFields[key].merge) {
    case "last":
    case "strongest":
      return key;
    case "variables":
      return `${key} ${nameIn(statement)}`;
    case "each":
      return `${key} ${word}`;
  }
}

function strengthOf({ word }: Statement): number {
  const isolation = isolationClasses.find((known) => known === word);
  return isolation === undefined ? 0 : isolationStrength(isolation);
}

/** Those whose words begin with the name of a secret. */
const secretKeys: ReadonlySet<SettingKey> = new Set(["secrets", "secretDescriptors"]);

const networkKeys: ReadonlySet<SettingKey> = new Set(["network", "allowedHosts"]);

/**
 * A network is a mode or a list of destinations: whoever counts most says which of the two it is.
 * @throws CupelError `usage` where that is said in two ways at once.
 */
function withOneNetwork(stated: readonly Statement[]): readonly Statement[] {
  const about = stated.filter(({ key }) => networkKeys.has(key));
  const decisive = about.filter(({ from }) => from === about.at(-1)?.from);
  const [list] = decisive.filter(({ key }) => key === "allowedHosts");
  if (list !== undefined && decisive.some(({ key }) => key === "network")) throw twoNetworks(placedField(list));
  const gone = list === undefined ? "allowedHosts" : "network";
  return about.length === 0 ? stated : stated.filter(({ key }) => key !== gone);
}

function placedField({ place, field }: Statement): string {
  return place === undefined ? field : `${place}: ${field}`;
}

/** Those that count, of statements that begin with those that count least. @throws CupelError `usage` for two networks. */
export function mergeStatements(stated: readonly Statement[]): Statement[] {
  return mergeAlike(withOneNetwork(stated));
}

function mergeAlike(stated: readonly Statement[]): Statement[] {
  const counting = new Map<string, Statement>();
  for (const statement of stated) {
    const subject = subjectOf(statement);
    const lower = counting.get(subject);
    const isWeaker = lower !== undefined && strengthOf(lower) > strengthOf(statement);
    if (jobFields[statement.key].merge === "strongest" && isWeaker) continue;
    counting.set(subject, statement);
  }
  return [...counting.values()];
}

/** The settings that merged statements come to. @throws CupelError `usage` for a flag's quantity that is none. */
export function settingsOf(merged: readonly Statement[]): Partial<JobSettings> {
  const ofKey = (key: SettingKey): Statement[] => merged.filter((statement) => statement.key === key);
  return readSettings(
    (key) => ofKey(key).map(({ word }) => word),
    (key) => ofKey(key).at(-1)?.field ?? "",
  );
}

/**
 * A value as people write it; a variable's and a file's are left out, since they may be secrets, and so is what stands in
 * the place of a secret's source, since that may be one by mistake.
 */
function shownWord({ key, word }: Statement): string {
  if (key === "environment" || key === "files" || secretKeys.has(key)) return word.split("=", 1)[0] ?? "";
  if (word === "") return "true";
  return word === offWord && jobFields[key].merge === "last" ? "false" : word;
}

/** The name that a job file has for it: a flag may stand for one of several. */
function fieldOf({ key, word, from, field }: Statement): string {
  if (from !== "flag") return field;
  const { fields } = jobFields[key];
  return (key === "environment" && word.includes("=") ? fields[1] : fields[0]) ?? field;
}

/** The origin of a value. */
export function originOf(statement: Statement): Origin {
  const { key, from, place } = statement;
  return { from, flag: jobFields[key].flag, field: fieldOf(statement), value: shownWord(statement), place };
}
