/**
 * What the attacker (platform/linux/attacker) is told and tells, one line each; its protocol.h describes both
 * directions. Pure.
 */
import { errnoName } from "../host/errno-name.ts";

/** Most bytes that one `saw` line carries, before they are escaped. */
export const sawBytesMax = 512;

/** How an attack ended, for the attacker; none of them says what it means. */
export type AttackEnding = "attempted" | "impossible" | "timeout" | "crashed";

/** One line of the attacker's. */
export type AttackLine =
  | { readonly kind: "hello"; readonly version: number; readonly architecture: "x64" | "arm64" }
  | { readonly kind: "start"; readonly id: string }
  /** `result` is `ok` or the errno's name. */
  | { readonly kind: "did"; readonly id: string; readonly step: string; readonly result: string }
  /** One character of `value` is one byte. */
  | { readonly kind: "saw"; readonly id: string; readonly channel: string; readonly value: string }
  | { readonly kind: "end"; readonly id: string; readonly ending: AttackEnding; readonly words: string }
  | { readonly kind: "error"; readonly line: number; readonly words: string };

/** What the attacker is told. */
export type AttackOrder =
  | { readonly order: "set"; readonly key: string; readonly value: string }
  | { readonly order: "run"; readonly id: string; readonly deadlineMs: number };

/** Bytes of a UTF-8 text, those that the protocol does not carry as they are written %XX. */
export function escapeValue(text: string): string {
  return [...Buffer.from(text)].map(escapeByte).join("");
}

/** The orders as the attacker reads them. */
export function renderAttackOrders(orders: readonly AttackOrder[]): string {
  return orders.map((order) => `${renderOrder(order)}\n`).join("");
}

/** A line of the attacker's, without its LF; undefined where it is none: then nothing after it can be relied on. */
export function parseAttackLine(line: string): AttackLine | undefined {
  const [kind = ""] = line.split(" ", 1);
  return Object.hasOwn(parsers, kind) ? parsers[kind]?.(line) : undefined;
}

// --- internal ---

function escapeByte(byte: number): string {
  const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25;
  return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
}

function unescapeValue(word: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(word)) return undefined;
  return word.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function renderOrder(order: AttackOrder): string {
  return order.order === "set"
    ? `set ${order.key} ${escapeValue(order.value)}`
    : `run ${order.id} ${String(order.deadlineMs)}`;
}

const parsers: Readonly<Record<string, (line: string) => AttackLine | undefined>> = {
  hello: (line) => {
    const [, version, architecture] = /^hello (\d{1,5}) (x64|arm64)$/.exec(line) ?? [];
    if (architecture !== "x64" && architecture !== "arm64") return undefined;
    return { kind: "hello", version: Number(version), architecture };
  },
  start: (line) => {
    const [, id] = /^start ([A-F]\d\d)$/.exec(line) ?? [];
    return id === undefined ? undefined : { kind: "start", id };
  },
  did: (line) => {
    const [, id, step, result] = /^did ([A-F]\d\d) ([a-z0-9][a-z0-9.-]*) (ok|[1-9]\d{0,3})$/.exec(line) ?? [];
    if (id === undefined || step === undefined || result === undefined) return undefined;
    return { kind: "did", id, step, result: result === "ok" ? result : errnoName(Number(result)) };
  },
  saw: (line) => {
    const [, id, channel, word] = /^saw ([A-F]\d\d) ([a-z0-9][a-z0-9.-]*) ([!-~]*)$/.exec(line) ?? [];
    const value = word === undefined ? undefined : unescapeValue(word);
    if (id === undefined || channel === undefined || value === undefined || value.length > sawBytesMax)
      return undefined;
    return { kind: "saw", id, channel, value };
  },
  end: (line) => {
    const [, id, ending, words] = /^end ([A-F]\d\d) (attempted|impossible|timeout|crashed)( [ -~]*)?$/.exec(line) ?? [];
    if (id === undefined) return undefined;
    return { kind: "end", id, ending: ending as AttackEnding, words: (words ?? "").trim() };
  },
  error: (line) => {
    const [, number, words] = /^error (\d{1,9})( [ -~]*)?$/.exec(line) ?? [];
    return number === undefined ? undefined : { kind: "error", line: Number(number), words: (words ?? "").trim() };
  },
};
