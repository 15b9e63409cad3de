/** Where a value of a job was stated. */

/** What a value can come from, the first one that states it counting: `default` is cupel itself. */
export const originKinds = ["flag", "job file", "project", "user", "default"] as const;

/** One of {@link originKinds}. */
export type OriginKind = (typeof originKinds)[number];

/** A value of a job, and where it was stated. */
export interface Origin {
  readonly from: OriginKind;
  /** The flag that states it, without its dashes: the name that it has whatever stated it. */
  readonly flag: string;
  /** The field of a job file, also where a flag states it: `limits.memory`. */
  readonly field: string;
  /** As it was stated, one of a list by itself; a variable's value is left out. */
  readonly value: string;
  /** `FILE:LINE:COLUMN`; absent where it was not stated in a file. */
  readonly place?: string | undefined;
}
