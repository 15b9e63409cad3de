/** Where files are looked for that nobody names: in the current directory. */

/** A policy: what a repository demands of every host that its jobs run on. */
export const defaultPolicyPath = "cupel.yaml";

/** A lock: what a host could enforce when it was written. */
export const defaultLockPath = "cupel.lock.json";
