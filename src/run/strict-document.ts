/**
 * Reads YAML 1.2 (and so JSON) that people write by hand against a schema: what is not described is an error, said with
 * file, line and column, and with the nearest right name. Pure.
 */
import * as v from "valibot";
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";

/** Any schema without transformations that wait for something. */
type Schema = v.GenericSchema;

/** As much of a schema as is looked at to find the right name. */
interface SchemaParts {
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly wrapped?: SchemaParts;
  readonly item?: SchemaParts;
  readonly options?: readonly unknown[];
}

/** More aliases than this are no document of a person's (billion laughs). */
const aliasesMax = 100;

type Path = readonly (string | number)[];

function fail(place: string, problem: string): CupelError {
  return new CupelError("usage", `${place}: ${problem}`);
}

/** One line: the rest of the parser's message is a picture of the place. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
}

function parse(text: string, path: string, lines: LineCounter): Document {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, strict: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw fail(placeAt(path, problem.pos[0], lines), firstLine(problem.message));
  return document;
}

function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    if (error instanceof ReferenceError) throw fail(path, `${firstLine(error.message)}; write it without aliases`);
    throw error;
  }
}

function placeAt(path: string, offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `${path}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

/** Where the value at `keys` stands; for an unknown name, where the name stands. */
function offsetOf(document: Document, keys: Path, isName: boolean): number {
  const parent = keys.length > 1 ? document.getIn(keys.slice(0, -1), true) : document.contents;
  if (isName && isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(keys.at(-1)));
    if (isPair(pair) && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
  }
  const node = keys.length === 0 ? document.contents : document.getIn(keys, true);
  if (isNode(node)) return node.range?.[0] ?? 0;
  return keys.length === 0 ? 0 : offsetOf(document, keys.slice(0, -1), false);
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

const listed = 8;

function suggest(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return `there are ${known.slice(0, listed).join(", ")}${known.length > listed ? ", …" : ""}`;
}

const kindWords: Readonly<Record<string, string>> = {
  strict_object: "a mapping of names to values",
  array: "a list",
  string: "text",
  number: "a number",
  boolean: "true or false",
  record: "a mapping of names to values",
};

function describeIssue(issue: v.BaseIssue<unknown>, schema: SchemaParts, keys: Path): string {
  const name = keys.join(".");
  const last = String(keys.at(-1) ?? "");
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = Object.keys(schemaAt(schema, keys.slice(0, -1))?.entries ?? {});
    return `there is no field ${JSON.stringify(last)} here, ${suggest(last, known)}`;
  }
  if (issue.type === "strict_object" && issue.received === "undefined") return `the field ${last} is missing`;
  if (issue.type === "picklist") {
    const known = (schemaAt(schema, keys)?.options ?? []).map(String);
    return `${name} does not take ${shown(issue.input)}, ${suggest(String(issue.input), known)}`;
  }
  const wanted = kindWords[issue.type];
  if (wanted !== undefined && issue.kind === "schema") {
    return `${name === "" ? "the file" : name} is ${shown(issue.input)}, and has to be ${wanted}`;
  }
  return issue.message;
}

const longestShown = 40;

function shown(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** What `text`, of the file at `path`, says. @throws CupelError `usage` that begins with `path:line:column`. */
export function parseStrictDocument<S extends Schema>(text: string, path: string, schema: S): v.InferOutput<S> {
  const lines = new LineCounter();
  const document = parse(text, path, lines);
  const result = v.safeParse(schema, valueOf(document, path), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const isName = issue.type === "strict_object" && issue.expected === "never";
  const place = placeAt(path, offsetOf(document, keys, isName), lines);
  throw fail(place, describeIssue(issue, schema as SchemaParts, keys));
}
