/** Where a file is looked for that nobody names: in the current directory. */

/** A lock: what a host could enforce when it was written. */
export const defaultLockPath = "cupel.lock.json";
