/** Sizes and durations in human units. Pure. */
import { CupelError } from "../model/error.ts";

const sizeUnits: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `512M`, `1.5GiB`, `65536` → bytes. @throws CupelError `usage`, naming `flag`. */
export function parseSizeBytes(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (sizeUnits[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new CupelError("usage", `${flag} ${JSON.stringify(text)} is not a size; write one such as 512M or 2G`);
}

/** `20M/s`, `512K` → bytes a second. @throws CupelError `usage`, naming `flag`. */
export function parseRateBytes(text: string, flag: string): number {
  try {
    return parseSizeBytes(text.replace(/\/s$/, ""), flag);
  } catch (error) {
    throw new CupelError("usage", `${flag} ${JSON.stringify(text)} is not a rate; write one such as 20M/s`, {
      cause: error,
    });
  }
}

/** `90s`, `2m`, `1.5h`, `250ms` → milliseconds. @throws CupelError `usage`, naming `flag`. */
export function parseDurationMs(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const milliseconds = Math.round(Number(match?.[1]) * (durationUnits[match?.[2] ?? ""] ?? Number.NaN));
  if (Number.isSafeInteger(milliseconds) && milliseconds > 0) return milliseconds;
  throw new CupelError(
    "usage",
    `${flag} ${JSON.stringify(text)} is not a duration; write one such as 90s, 5m or 500ms`,
  );
}

/** What a number may be, and how a sentence calls it. */
interface NumberRange {
  readonly what: string;
  readonly shape: RegExp;
  readonly least: number;
  readonly most: number;
  readonly write: string;
}

const whole = /^\d+$/;

/** @throws CupelError `usage`: for what is no number at all, and for one that is too small or too large. */
function parseInRange(text: string, flag: string, { what, shape, least, most, write }: NumberRange): number {
  const value = Number(text);
  const stated = `${flag} ${JSON.stringify(text)}`;
  if (!shape.test(text)) throw new CupelError("usage", `${stated} is not a ${what}; write ${write}`);
  if (value >= least && value <= most) return value;
  throw new CupelError("usage", `${stated} is out of range; a ${what} is from ${least} to ${most}`);
}

/** `0.5`, `2` → CPUs. @throws CupelError `usage`, naming `flag`. */
export function parseCpus(text: string, flag: string): number {
  const range = { what: "number of CPUs", shape: /^\d+(\.\d+)?$/, least: 0.01, most: 4096 };
  return parseInRange(text, flag, { ...range, write: "one such as 0.5 or 2" });
}

/** `64` → a count of files: at least the 32 that starting a program may take. @throws CupelError `usage`, naming `flag`. */
export function parseFileCount(text: string, flag: string): number {
  const range = { what: "count of files", shape: whole, least: 32, most: 1_000_000_000 };
  return parseInRange(text, flag, { ...range, write: "a whole number from 32 on, such as 256" });
}

/** `256` → a count of processes: at least 2, the job and one to come. @throws CupelError `usage`, naming `flag`. */
export function parseCount(text: string, flag: string): number {
  const range = { what: "count of processes", shape: whole, least: 2, most: 4_194_304 };
  return parseInRange(text, flag, { ...range, write: "a whole number from 2 on, such as 256" });
}

/** `100` → a count of artifacts. @throws CupelError `usage`, naming `flag`. */
export function parseArtifactCount(text: string, flag: string): number {
  const range = { what: "count of artifacts", shape: whole, least: 1, most: 1_000_000 };
  return parseInRange(text, flag, { ...range, write: "a whole number from 1 to 1000000" });
}
