/** JSON as cupel prints it: the same value always gives the same bytes. */

/** Keys that come first, wherever they stand: they say what the rest is. */
const firstKeys = ["schema", "id"];

/** What an 8-bit terminal would obey and what reorders text; JSON.stringify leaves them as they are. */
const unsafe = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The value as JSON: two spaces, `schema` and `id` first, all other keys in alphabetical order, a newline at the end. */
export function renderJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => sortKeys(inner), 2);
  return `${text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => compareKeys(left, right)));
}

function compareKeys(left: string, right: string): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  return left < right ? -1 : 1;
}

function rankOf(key: string): number {
  const rank = firstKeys.indexOf(key);
  return rank === -1 ? firstKeys.length : rank;
}
