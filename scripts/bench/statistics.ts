/** What is said of many samples. Pure. */

/** Latency of one contestant, in microseconds. */
export interface Latency {
  readonly samples: number;
  readonly minUs: number;
  readonly p50Us: number;
  /** Absent below {@link samplesForP99}: it would be the slowest sample and nothing more. */
  readonly p99Us?: number;
}

/** How many samples a 99th percentile needs to be one. */
export const samplesForP99 = 100;

/** The sample that `share` (0 to 1) of all are not above: nearest rank, so always one that was measured. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError("there are no samples");
  return value;
}

/** Sums samples up. @throws RangeError where there are none. */
export function summarizeLatency(samplesNs: readonly number[]): Latency {
  const atUs = (share: number): number => percentile(samplesNs, share) / 1000;
  const summary = { samples: samplesNs.length, minUs: atUs(0), p50Us: atUs(0.5) };
  return samplesNs.length < samplesForP99 ? summary : { ...summary, p99Us: atUs(0.99) };
}

/** How many of `total` fall to one of `rounds`, so that all rounds together give `total`, spread evenly. */
export function shareOfRound(total: number, round: number, rounds: number): number {
  return Math.floor(((round + 1) * total) / rounds) - Math.floor((round * total) / rounds);
}
