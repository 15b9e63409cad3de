/** All tests in two runs at once: what looks for traces on the whole machine meets in one of them what makes such traces. */

/** Those that attack sandboxes, call engines, take away what all have in common, or look at what the machine has when they are done. */
const wholeMachine: readonly RegExp[] = [
  /^test\/(?:contract|hosts|kernel|launch|native|probes|run|verify)\//,
  /^test\/e2e\/(?:batch|clean|docker|doctor-(?:here|programs|traces)|endings|fabricated|gvisor|landlock|podman)\b/,
  /^test\/e2e\/(?:saved-report|showcase|state|strategies)\b/,
  // Verifications of one host wait for each other.
  /^test\/e2e\/(?:readme|verify)\b/,
];

/** The files of each run; every file is in one. Pure. */
export function groupTests(files: readonly string[]): readonly [wholeMachine: string[], others: string[]] {
  const isWhole = (file: string): boolean => wholeMachine.some((pattern) => pattern.test(file));
  return [files.filter(isWhole), files.filter((file) => !isWhole(file))];
}
