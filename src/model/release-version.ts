/** Versions of cupel: three numbers and, before a release proper, words behind a hyphen (Semantic Versioning 2.0.0). */

const pattern = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/;

/** Whether a text is a version, without a `v` in front of it. */
export function isVersion(text: string): boolean {
  return pattern.test(text);
}

function parts(version: string): { readonly numbers: readonly string[]; readonly words: readonly string[] } {
  const hyphen = version.indexOf("-");
  const [release, before] = hyphen < 0 ? [version, ""] : [version.slice(0, hyphen), version.slice(hyphen + 1)];
  return { numbers: release.split("."), words: before === "" ? [] : before.split(".") };
}

/** Numbers come before words, and are compared as numbers (§11.4). */
function compareWords(left: string, right: string): number {
  const [isLeftNumber, isRightNumber] = [left, right].map((word) => /^\d+$/.test(word));
  if (isLeftNumber === true && isRightNumber === true) return Number(left) - Number(right);
  if (isLeftNumber !== isRightNumber) return isLeftNumber === true ? -1 : 1;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The first difference; where one list is the beginning of the other, the shorter comes first. */
function compareLists(left: readonly string[], right: readonly string[]): number {
  const differences = left.slice(0, right.length).map((word, index) => compareWords(word, right[index] ?? ""));
  return differences.find((difference) => difference !== 0) ?? left.length - right.length;
}

/** Below 0 where `left` is the older one, 0 where they are the same. */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [parts(left), parts(right)];
  const difference = compareLists(one.numbers, other.numbers);
  if (difference !== 0) return difference;
  // What has words is on its way to what has none.
  if (one.words.length === 0 || other.words.length === 0) return other.words.length - one.words.length;
  return compareLists(one.words, other.words);
}
