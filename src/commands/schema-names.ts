/** Names of the schemas that `cupel schema` writes. */
export const schemaNames = ["report", "job", "policy", "lock"] as const;
