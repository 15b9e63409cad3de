/** Reads what strace wrote of calls that failed. Pure. */

/** A call that failed. */
export interface FailedCall {
  readonly process: number;
  readonly name: string;
  /** As strace writes them: strings in quotes, descriptors with their path. */
  readonly parts: readonly string[];
  /** `ENOENT`. */
  readonly errno: string;
}

const line = /^(\d+) +([a-z_][a-z0-9_]*)\((.*)\) += -1 (E[A-Z0-9]+)/;

/** Closing brackets by their opening ones. Within quotes, and in the path of a descriptor, brackets are escaped or text. */
const brackets: Readonly<Record<string, string>> = { "(": ")", "{": "}", "[": "]", "<": ">", '"': '"' };

/** Where the string, path or structure that begins at `at` ends. */
function skipNested(text: string, start: number): number {
  const closing = brackets[text[start] ?? ""];
  const isLiteral = closing === '"' || closing === ">";
  let at = start + 1;
  while (at < text.length && text[at] !== closing) {
    if (isLiteral) at += text[at] === "\\" ? 2 : 1;
    else at = brackets[text[at] ?? ""] === undefined ? at + 1 : skipNested(text, at);
  }
  return at + 1;
}

/** Splits arguments at the commas between them, not at those within strings and structures. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let began = 0;
  for (let at = 0; at <= text.length;) {
    const character = text[at] ?? ",";
    if (character === ",") {
      parts.push(text.slice(began, at).trim());
      began = at + 1;
    }
    at = brackets[character] === undefined ? at + 1 : skipNested(text, at);
  }
  return text.trim() === "" ? [] : parts;
}

/** The call of one line; undefined for any other line. */
export function parseFailedCall(text: string): FailedCall | undefined {
  const [, process, name, parts, errno] = line.exec(text) ?? [];
  if (process === undefined || name === undefined || parts === undefined || errno === undefined) return undefined;
  return { process: Number(process), name, parts: splitArguments(parts), errno };
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, "\\": 92 };

/** The bytes that strace stands for with C's escapes. */
function unescape(text: string): string {
  const bytes: number[] = [];
  for (const [piece] of text.matchAll(/\\(?:[0-7]{1,3}|.)|[^\\]+/gsu)) {
    if (!piece.startsWith("\\")) bytes.push(...Buffer.from(piece));
    else bytes.push(escapes[piece.slice(1)] ?? Number.parseInt(piece.slice(1), 8));
  }
  return Buffer.from(bytes).toString();
}

/** The text between quotes; undefined where there are none, as for a pointer that leads nowhere. */
export function quotedText(part: string | undefined): string | undefined {
  const text = part === undefined ? undefined : /^"(.*)"$/s.exec(part)?.[1];
  return text === undefined ? undefined : unescape(text);
}

/** The path behind a descriptor, `3</usr/lib>` or `AT_FDCWD</home>`; undefined for what is none, a socket or a pipe. */
export function descriptorPath(part: string | undefined): string | undefined {
  const text = part === undefined ? undefined : /^(?:\d+|AT_FDCWD)<(\/.*?)(?:\(deleted\))?>/.exec(part)?.[1];
  return text === undefined ? undefined : unescape(text);
}
