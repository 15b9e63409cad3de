/** What it takes to start a job in a strategy, measured on one host. */

/** Version of the saved shape. */
export const startCostsSchema = 1;

/** One strategy's, in whole microseconds. */
export interface StartCost {
  readonly strategy: string;
  /** How many jobs were started. */
  readonly runs: number;
  readonly medianUs: number;
  readonly minUs: number;
}

/** What is kept of the last measurement on one host, beside the report. */
export interface SavedStartCosts {
  readonly schema: typeof startCostsSchema;
  readonly fingerprintParts: Readonly<Record<string, string>>;
  readonly costs: readonly StartCost[];
}
