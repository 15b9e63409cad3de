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

/** `0.5`, `2` → CPUs. @throws CupelError `usage`, naming `flag`. */
export function parseCpus(text: string, flag: string): number {
  const cpus = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && cpus >= 0.01 && cpus <= 4096) return cpus;
  throw new CupelError("usage", `${flag} ${JSON.stringify(text)} is not a number of CPUs; write one such as 0.5 or 2`);
}

/** `64` → a count of files: at least the 32 that starting a program may take. @throws CupelError `usage`, naming `flag`. */
export function parseFileCount(text: string, flag: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 32 && count <= 1_000_000_000) return count;
  throw new CupelError(
    "usage",
    `${flag} ${JSON.stringify(text)} is not a count of files; write a whole number from 32 on, such as 256`,
  );
}

/** `256` → a count of processes: at least 2, the job and one to come. @throws CupelError `usage`, naming `flag`. */
export function parseCount(text: string, flag: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 2 && count <= 4_194_304) return count;
  throw new CupelError(
    "usage",
    `${flag} ${JSON.stringify(text)} is not a count of processes; write a whole number from 2 on, such as 256`,
  );
}

/** `100` → a count of artifacts. @throws CupelError `usage`, naming `flag`. */
export function parseArtifactCount(text: string, flag: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 1_000_000) return count;
  throw new CupelError(
    "usage",
    `${flag} ${JSON.stringify(text)} is not a count of artifacts; write a whole number from 1 to 1000000`,
  );
}
