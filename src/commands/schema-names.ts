/** Names of the schemas that `cupel schema` writes. */
export const schemaNames = [
  "report",
  "outcome",
  "batch-outcome",
  "run",
  "strategies",
  "job",
  "policy",
  "config",
  "lock",
] as const;
