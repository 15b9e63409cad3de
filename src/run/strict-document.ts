/**
 * Reads YAML 1.2 (and so JSON) that people write by hand against a schema: what is not described is an error, said with
 * file, line and column, and with the nearest right name. Pure.
 */
import * as v from "valibot";
import { LineCounter, parseDocument, type Document } from "yaml";
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";
import { printableText } from "../report/printable-text.ts";
import { DocumentPlaces, type Path } from "./document-places.ts";

/** Any schema without transformations that wait for something. */
type Schema = v.GenericSchema;

/** As much of a schema as is looked at to find the right name. */
interface SchemaParts {
  readonly type?: string;
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly wrapped?: SchemaParts;
  readonly item?: SchemaParts;
  readonly options?: readonly unknown[];
}

/** More aliases than this are no document of a person's (billion laughs). */
const aliasesMax = 100;

function fail(place: string, problem: string): CupelError {
  // Names and values in it are the file's, and a terminal obeys some of them.
  return new CupelError("usage", printableText(`${place}: ${problem}`, true));
}

const parserWords: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "there are several documents in the file; write one",
  NON_STRING_KEY: "a name has to be text; put it in quotes",
  TAG_RESOLVE_FAILED: "a tag (!) stands here that means nothing in this file; leave it out",
};

/** One line: the rest of the parser's message is a picture of the place. */
function describeParserError({ code, message }: { readonly code: string; readonly message: string }): string {
  const [first = ""] = message.split("\n");
  if (first.startsWith("Maximum call stack")) return "it is nested too deeply";
  return parserWords[code] ?? first;
}

function parse(text: string, path: string, lines: LineCounter): Document {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    stringKeys: true,
    // Also where the file asks for YAML 1.1 or its tags: yes is text, and a set or an ordered map would lose its names.
    schema: "core",
    resolveKnownTags: false,
    merge: false,
    // Compares each name with every other one; see document-places.ts.
    uniqueKeys: false,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw fail(placeAt(path, problem.pos[0], lines), describeParserError(problem));
  return document;
}

function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    if (error instanceof ReferenceError) throw fail(path, "its aliases cannot be followed; write it without them");
    throw error;
  }
}

function placeAt(path: string, offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `${path}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

function unwrap(schema: SchemaParts | undefined): SchemaParts | undefined {
  return schema?.wrapped === undefined ? schema : unwrap(schema.wrapped);
}

function schemaAt(schema: SchemaParts, keys: Path): SchemaParts | undefined {
  return keys.reduce<SchemaParts | undefined>((current, key) => {
    const { entries, item } = unwrap(current) ?? {};
    return unwrap(typeof key === "number" ? item : entries?.[key]);
  }, unwrap(schema));
}

/** Where a list stands for a mapping, which valibot takes for one. */
function findListForMapping(value: unknown, schema: SchemaParts | undefined, keys: Path = []): Path | undefined {
  const parts = unwrap(schema);
  if (parts === undefined || typeof value !== "object" || value === null) return undefined;
  const isMapping = parts.type === "strict_object" || parts.type === "record";
  if (Array.isArray(value) && isMapping) return keys;
  const inner = Object.entries(value).map(([key, one]): [string | number, unknown] => [
    Array.isArray(value) ? Number(key) : key,
    one,
  ]);
  for (const [key, one] of inner) {
    const below = typeof key === "number" ? parts.item : parts.entries?.[key];
    const found = findListForMapping(one, below, [...keys, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const listed = 8;

function suggest(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return `there are ${known.slice(0, listed).join(", ")}${known.length > listed ? ", …" : ""}`;
}

const kindWords: Readonly<Record<string, string>> = {
  strict_object: "a mapping of names to values",
  array: "a list, such as [a, b]",
  string: "text",
  number: "a number",
  boolean: "true or false",
  union: "text or a number",
  record: "a mapping of names to values",
  custom: "a mapping of names to values",
};

/** A name that is not known, or one that is missing. */
function describeName({ expected }: v.BaseIssue<unknown>, schema: SchemaParts, keys: Path): string {
  const last = String(keys.at(-1) ?? "");
  if (expected !== "never") return `the field ${last} is missing`;
  const known = Object.keys(schemaAt(schema, keys.slice(0, -1))?.entries ?? {});
  return `there is no field ${JSON.stringify(last)} here, ${suggest(last, known)}`;
}

function describeIssue(issue: v.BaseIssue<unknown>, schema: SchemaParts, keys: Path): string {
  const { type, kind, input, expected, received, message } = issue;
  const name = keys.length === 0 ? "the file" : keys.join(".");
  if (type === "strict_object" && (expected === "never" || received === "undefined")) {
    return describeName(issue, schema, keys);
  }
  if (type === "picklist") {
    const known = (schemaAt(schema, keys)?.options ?? []).map(String);
    return `${name} does not take ${shown(input)}, ${suggest(String(input), known)}`;
  }
  const wanted = wantedFor(issue);
  return kind === "schema" && wanted !== undefined ? `${name} is ${shown(input)}, and has to be ${wanted}` : message;
}

/** What should stand there instead. */
function wantedFor({ type, expected, input }: v.BaseIssue<unknown>): string | undefined {
  if (type === "literal") return expected ?? undefined;
  const isUnquoted = type === "string" && ["number", "boolean"].includes(typeof input);
  return isUnquoted ? "text; put it in quotes" : kindWords[type];
}

const longestShown = 40;

function shown(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** What a file says, and where. */
export interface StrictDocument<Value> {
  readonly value: Value;
  /** `FILE:LINE:COLUMN` of the value that these names lead to. */
  readonly placeOf: (keys: Path) => string;
}

/** What `text`, of the file at `path`, says. @throws CupelError `usage` that begins with `path:line:column`. */
export function readStrictDocument<S extends Schema>(
  text: string,
  path: string,
  schema: S,
): StrictDocument<v.InferOutput<S>> {
  const lines = new LineCounter();
  const document = parse(text, path, lines);
  const places = new DocumentPlaces(document);
  if (places.problem !== undefined) throw fail(placeAt(path, places.problem.offset, lines), places.problem.problem);
  const value = valueOf(document, path);
  const placeOf = (keys: Path, isName = false): string => placeAt(path, places.offsetOf(keys, isName), lines);
  const list = findListForMapping(value, schema);
  if (list !== undefined) {
    const name = list.length === 0 ? "the file" : list.join(".");
    throw fail(placeOf(list), `${name} is a list, and has to be a mapping of names to values`);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return { value: result.output, placeOf: (keys) => placeOf(keys) };
  // A name that is wrong explains one that is missing.
  const isUnknownName = ({ type, expected }: v.BaseIssue<unknown>): boolean =>
    type === "strict_object" && expected === "never";
  const issue = result.issues.find(isUnknownName) ?? result.issues[0];
  const keys = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const isName = issue.path?.at(-1)?.origin === "key";
  throw fail(placeOf(keys, isName), describeIssue(issue, schema, keys));
}

/** The same without the places. @throws CupelError `usage` that begins with `path:line:column`. */
export function parseStrictDocument<S extends Schema>(text: string, path: string, schema: S): v.InferOutput<S> {
  return readStrictDocument(text, path, schema).value;
}
