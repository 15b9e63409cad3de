/** Names of the schemas that `cupel schema` writes. */
export const schemaNames = ["report", "outcome", "batch-outcome", "run", "job", "policy", "config", "lock"] as const;
