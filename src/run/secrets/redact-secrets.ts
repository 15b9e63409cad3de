/** Takes secrets out of what cupel itself says: messages, outcomes. Pure. */
import { markOf, type SecretForm } from "./secret-forms.ts";

/** The same text without them. */
export type RedactText = (text: string) => string;

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Large and small letters count as the same: what was a host's name has none but small ones. */
export function secretRedactor(forms: readonly SecretForm[]): RedactText {
  const names = new Map(forms.map(({ name, bytes }) => [bytes.toString("utf8").toLowerCase(), name]));
  if (names.size === 0) return (text) => text;
  const pattern = new RegExp([...names.keys()].map(escape).join("|"), "giu");
  return (text) => text.replace(pattern, (found) => markOf(names.get(found.toLowerCase()) ?? ""));
}

/** The same value without them, in all of its texts and in the names of its fields. */
export function redactValue<Value>(value: Value, redact: RedactText): Value {
  const walk = (one: unknown): unknown => {
    if (typeof one === "string") return redact(one);
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [redact(name), walk(inner)]));
  };
  return walk(value) as Value;
}
