/** Takes out of text what names a person, a machine or a secret; the same secret always leaves the same mark. */
import { isIP } from "node:net";
import { addressRules, idRules, secretRules, type Replace, type Rule } from "./redaction-rules.ts";
import { redactPath, type MarkSecret, type TextPart } from "./redact-path.ts";

/** What is known about the machine and its user. The first of each is the caller's own. */
export interface RedactionFacts {
  readonly users?: readonly string[] | undefined;
  readonly homes?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
  /** Where the caller works: project directories. */
  readonly directories?: readonly string[] | undefined;
  /** Words that look like identifiers and are none, such as cupel's own build. */
  readonly kept?: readonly string[] | undefined;
}

/** Takes secrets out of one text. */
export type RedactText = (text: string) => string;

/** A redactor that numbers what it finds. Patterns go before names, so that a name does not break up what they look for. */
export function createRedactor(facts: RedactionFacts): RedactText {
  const mark = createMarks();
  const rules = [
    ...secretRules(mark),
    ...addressRules(mark),
    ...placeRules(facts, mark),
    ...idRules(facts.kept ?? [], mark),
    ...nameRules(facts),
  ];
  return (text) => {
    const pieces = rules.reduce<readonly TextPart[]>(applyRule, [{ text }]);
    return pieces.map((piece) => piece.text).join("");
  };
}

function createMarks(): MarkSecret {
  const numbers = new Map<string, Map<string, number>>();
  return (kind, secret) => {
    const known = numbers.get(kind) ?? new Map<string, number>();
    numbers.set(kind, known);
    if (!known.has(secret)) known.set(secret, known.size + 1);
    return `<${kind}-${known.get(secret)}>`;
  };
}

function applyRule(pieces: readonly TextPart[], { pattern, replace }: Rule): readonly TextPart[] {
  return pieces.flatMap((piece) => (piece.isMark ? piece : replaceIn(piece.text, pattern, replace)));
}

function replaceIn(text: string, pattern: RegExp, replace: Replace): TextPart[] {
  const pieces: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const parts = replace(match);
    if (parts === undefined) continue;
    pieces.push({ text: text.slice(end, match.index) }, ...parts);
    end = match.index + match[0].length;
  }
  return [...pieces, { text: text.slice(end) }];
}

function placeRules({ homes = [], directories = [] }: RedactionFacts, mark: MarkSecret): Rule[] {
  const named = [
    ...directories.map((path) => ({ path, kind: "directory" })),
    ...homes.map((path) => ({ path, kind: "home" })),
  ]
    .map(({ path, kind }, index, all) => ({
      path: path.replace(/\/+$/u, ""),
      text: nameOf(kind, all.slice(0, index).filter((one) => one.kind === kind).length),
    }))
    .filter(({ path }) => path.startsWith("/") && redactPath(path, [], () => "").some((part) => part.isMark));
  const places = named.toSorted((left, right) => right.path.length - left.path.length);
  const replace: Replace = ([found]) => {
    const path = found.replace(/[.]+$/u, "");
    return [...redactPath(path, places, mark), { text: found.slice(path.length) }] satisfies TextPart[];
  };
  const known = places.map(({ path }) => RegExp.escape(path));
  // A path that is known is found whole even where it has spaces in it.
  const rules =
    known.length === 0 ? [] : [{ pattern: new RegExp(`(?:${known.join("|")})(?![\\w-])${pathTail}*`, "gu"), replace }];
  return [...rules, { pattern: new RegExp(`(?<![\\w.~)\\]<>/-])(?:/(?!/)|~[\\w.-]*/)${pathTail}+`, "gu"), replace }];
}

/** A character of a path. Lists of paths are several paths. */
const pathTail = "(?:[^\\s'\"`,;:()<>|\\[\\]{}=]|[,=](?=[^\\s/]))";

/** Accounts that every system has name nobody. */
const commonUsers = ["root", "nobody"];

function nameRules({ users = [], hosts = [] }: RedactionFacts): Rule[] {
  const short = hosts.map((host) => host.split(".")[0] ?? "");
  const marks = new Map([
    ...namesOf("user", users, commonUsers),
    ...namesOf(
      "host",
      [...hosts, ...short].filter((host) => isIP(host) === 0),
      ["localhost", "(none)"],
    ),
  ]);
  if (marks.size === 0) return [];
  // Longest first: a short name may be a part of a long one.
  const names = [...marks.keys()].toSorted((left, right) => right.length - left.length);
  const pattern = `(?<![A-Za-z0-9])(?:${names.map((name) => RegExp.escape(name)).join("|")})(?![A-Za-z0-9])`;
  return [
    { pattern: new RegExp(pattern, "gu"), replace: ([name]) => [{ text: marks.get(name) ?? "<name>", isMark: true }] },
  ];
}

/** Each name with its mark. */
function namesOf(kind: string, names: readonly string[], common: readonly string[]): [name: string, text: string][] {
  const own = [...new Set(names)].filter((name) => name !== "" && !common.includes(name));
  // A host's short name stands for the same host.
  const first = own[0]?.split(".")[0];
  return own.map((name, index) => [name, nameOf(kind, kind === "host" && name === first ? 0 : index)]);
}

function nameOf(kind: string, index: number): string {
  return index === 0 ? `<${kind}>` : `<other-${kind}-${index}>`;
}
