/** Names of the schemas that `cupel schema` writes. */
export const schemaNames = ["report", "outcome", "batch-outcome", "job", "policy", "config", "lock"] as const;
