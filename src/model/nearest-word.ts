/** "Did you mean …?": the nearest of the words that are known. Pure. */

/** Edits that turn one word into another; two letters that changed places are one (optimal string alignment). */
function editDistance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const costAt = (at: number, to: number): number => rows[at]?.[to] ?? Infinity;
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    rows.push(next);
    for (let to = 1; to <= other.length; to++) {
      const same = one[at - 1] === other[to - 1] ? 0 : 1;
      const isSwapped = one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      const swapped = isSwapped ? costAt(at - 2, to - 2) + 1 : Infinity;
      next.push(Math.min(costAt(at - 1, to) + 1, costAt(at, to - 1) + 1, costAt(at - 1, to - 1) + same, swapped));
    }
  }
  return costAt(one.length, other.length);
}

/** The word of `known` that `word` was probably meant to be; undefined where none is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  const best = ranked.toSorted((one, other) => one.distance - other.distance)[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}
