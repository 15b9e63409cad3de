/** Small pieces of English that several renderers need: lists, sentences, amounts. */

/** `a, b and c`; with more than `most` of them `a, b, c and 12 more`. */
export function joinWords(words: readonly string[], most = words.length): string {
  const shown = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

/** The text with a full stop at its end, whether or not its author wrote one. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/u.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** The text without a full stop at its end, to be continued. */
export function clause(text: string): string {
  return text.trim().replace(/\.+$/u, "");
}

/** `1 bind`, `3 binds`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}

/** A time as people say it: `0.4 ms`, `312 ms`, `1.5 s`, `5 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 0.05) return "under 0.1 ms";
  if (milliseconds < 10) return `${trimmedNumber(milliseconds)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 120 ? `${trimmedNumber(seconds)} s` : `${trimmedNumber(seconds / 60)} min`;
}

const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** An amount of memory: `512 MiB`, `2.9 GiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${trimmedNumber(bytes / 1024 ** power)} ${units[power] ?? ""}`;
}

function trimmedNumber(value: number): string {
  return String(Number(value.toFixed(1)));
}
