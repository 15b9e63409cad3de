/** Names of the schemas that `cupel schema` writes. */
export const schemaNames = ["report", "job", "policy", "config", "lock"] as const;
