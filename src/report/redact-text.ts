/** Takes out of text what names a person, a machine or a secret; the same secret always leaves the same mark. */
import { isIP } from "node:net";
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

type Replace = (match: RegExpExecArray) => readonly TextPart[] | undefined;

/** One kind of secret. */
interface Rule {
  readonly pattern: RegExp;
  readonly replace: Replace;
}

/** A redactor that numbers what it finds. Patterns go before names, so that a name does not break up what they look for. */
export function createRedactor(facts: RedactionFacts): RedactText {
  const mark = createMarks();
  const rules = [
    ...secretRules(mark),
    ...addressRules(mark),
    ...placeRules(facts, mark),
    ...idRules(facts, mark),
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

/** Errno names, numbers and yes or no are answers, not secrets. */
const harmlessAnswer = /^(?:E[A-Z0-9]+|\d{1,6}|none|not|no|yes|true|false|absent|unknown|\(.*)[.,;]?$/u;

function secretRules(mark: MarkSecret): Rule[] {
  const whole: Replace = ([secret]) => [{ text: mark("secret", secret), isMark: true }];
  return [
    { pattern: /(?<=\b(?:Bearer|Basic)\s+)[\w.~+/=-]+/gu, replace: whole },
    // Prefixes that GitHub, GitLab, Slack, AWS, npm and the makers of language models give their tokens; JSON web tokens.
    {
      pattern:
        /\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|npm_|sk-|pypi-|dop_v1_|hf_)[\w-]{12,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/gu,
      replace: whole,
    },
    {
      pattern:
        /(?<=(?:token|passw(?:or)?d|passphrase|secret|api[_-]?key|credentials?|serial(?:[_ -]?number)?|asset[_ -]?tag)["']?\s*[:=]\s*["']?)[^\s"']+/giu,
      replace: (match) => (harmlessAnswer.test(match[0]) ? undefined : whole(match)),
    },
  ];
}

function addressRules(mark: MarkSecret): Rule[] {
  const address: Replace = ([found]) => {
    const whole = isIP(found.replace(/%.*$/u, "")) === 0 ? found.replace(/:$/u, "") : found;
    const bare = whole.replace(/%.*$/u, "");
    if (isIP(bare) === 0 || isOfNobody(bare)) return undefined;
    return [{ text: mark("address", whole.toLowerCase()), isMark: true }, { text: found.slice(whole.length) }];
  };
  return [
    // User and password, host, port, path.
    {
      pattern: /(?<=\b[a-z][a-z0-9+.-]*:\/\/)(?:([^\s/@]+)@)?([^\s/:@]+)(:\d+)?(\/[^\s'"`,;()<>]+)?/giu,
      replace: ([, account, host = "", port = "", path]) => [
        ...(account === undefined ? [] : [{ text: `${mark("secret", account)}@`, isMark: true }]),
        { text: `${mark("host", host)}${port}`, isMark: true },
        ...(path === undefined ? [] : [{ text: `/${mark("path", path.slice(1))}`, isMark: true }]),
      ],
    },
    {
      pattern: /[\w.%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/gu,
      replace: ([found]) => (unitName.test(found) ? undefined : [{ text: mark("email", found), isMark: true }]),
    },
    {
      pattern:
        /(?<![0-9A-Fa-f]|[0-9A-Fa-f][:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f]|[:-][0-9A-Fa-f])/gu,
      replace: ([found]) => [{ text: mark("mac", found.toLowerCase()), isMark: true }],
    },
    { pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)/gu, replace: address },
    {
      pattern:
        /(?:(?<![\w:.])|(?<=[G-Zg-z_]:))[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%\w+)?(?!\w)/gu,
      replace: address,
    },
  ];
}

/** Loopback, unspecified and mask addresses are every machine's. */
function isOfNobody(address: string): boolean {
  return /^(?:127\.|0\.0\.0\.0$|255\.)/u.test(address) || /^[0:]*:[0:]*1?$/u.test(address);
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

const unitPattern = /(?<![\w.@\\-])[\w.@\\-]+\.(?:service|scope|slice|timer|socket)(?![\w.-]*\w)/gu;

const unitName = /\.(?:service|scope|slice|timer|socket)$/u;

/** Units that every system has. */
const commonUnit =
  /^(?:-\.slice|(?:user|system|machine|app|session|background|init|kubepods)\.(?:slice|scope)|user-\d+\.slice|user@\d+\.service|session-\w+\.scope|(?:docker|containerd|podman|crio|dbus|systemd-[a-z]+)\.(?:service|socket)|cupel[\w.-]*\.\w+|\*\.scope)$/u;

function idRules({ kept = [] }: RedactionFacts, mark: MarkSecret): Rule[] {
  const id: Replace = ([found]) =>
    kept.includes(found) ? undefined : [{ text: mark("id", found.toLowerCase()), isMark: true }];
  return [
    // Which engine made a container stays to be seen.
    { pattern: /(?<=(?:docker|libpod|crio|cri-containerd)-)[0-9a-f]{12,}/gu, replace: id },
    {
      pattern: unitPattern,
      replace: ([found]) => (commonUnit.test(found) ? undefined : [{ text: mark("unit", found), isMark: true }]),
    },
    { pattern: /(?<![0-9A-Za-z])[0-9a-f]{8}[-_](?:[0-9a-f]{4}[-_]){3}[0-9a-f]{12}(?![0-9A-Za-z])/giu, replace: id },
    // Identifiers of containers, machines and volumes. Masks of capabilities begin with zeros.
    {
      pattern: /(?<![0-9A-Za-z])(?!0000)(?=[0-9]*[a-f])(?=[a-f]*[0-9])(?:[0-9a-f]{12}|[0-9a-f]{16,})(?![0-9A-Za-z])/giu,
      replace: id,
    },
    {
      pattern: /(?<![\w+-])(?=[\w+-]*[A-Z])(?=[\w+-]*[a-z])(?=[\w+-]*[0-9])[A-Za-z0-9_+-]{32,}(?![\w+-])/gu,
      replace: ([found]) => [{ text: mark("secret", found), isMark: true }],
    },
  ];
}

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
