/** The answer to `cupel version`. */

/** Which build this is; what only a release has is null in another build. */
export interface VersionFacts {
  readonly version: string;
  readonly build: string;
  readonly commit: string | null;
  readonly target: string | null;
  /** Without one, nothing tells this build who made the next. */
  readonly releaseKey: string | null;
}

/** One line: name, version, build, what it was built from and for, and whether it has no key to know releases by. */
export function renderVersion({ version, build, commit, target, releaseKey }: VersionFacts): string {
  const origin = [
    `build ${build}`,
    ...(commit === null ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(target === null ? [] : [target]),
    ...(releaseKey === null ? ["no release key"] : []),
  ];
  return `cupel ${version} (${origin.join(", ")})\n`;
}
