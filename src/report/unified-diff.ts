/** The difference of two texts in the unified format (POSIX, diff(1), "Diff -u"). Pure. */

const contextLines = 3;

/** Beyond so many differing lines the shortest script is not looked for: all is taken out, and all put in. */
const differencesMax = 2000;

interface Edit {
  readonly kind: " " | "-" | "+";
  readonly line: string;
}

/** Lines with their ends, so that a missing last one is seen. */
function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** How far each diagonal (lines of the one less lines of the other) is reached: the index is the diagonal. */
class Reach {
  readonly #offset: number;
  readonly #furthest: Int32Array;

  constructor(most: number, furthest = new Int32Array(2 * most + 3)) {
    this.#offset = most + 1;
    this.#furthest = furthest;
  }

  copy(): Reach {
    return new Reach(this.#offset - 1, this.#furthest.slice());
  }

  at(diagonal: number): number {
    return this.#furthest[this.#offset + diagonal] ?? 0;
  }

  set(diagonal: number, x: number): void {
    this.#furthest[this.#offset + diagonal] = x;
  }

  /** Whether the last of so many edits on the way to a diagonal puts a line in; otherwise it takes one out. */
  isInserting(edits: number, diagonal: number): boolean {
    if (diagonal === -edits) return true;
    return diagonal !== edits && this.at(diagonal - 1) < this.at(diagonal + 1);
  }
}

/** Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): what is reached with one edit more each time. */
function findWay(one: readonly string[], other: readonly string[]): Reach[] | undefined {
  const most = Math.min(one.length + other.length, differencesMax);
  const reach = new Reach(most);
  const trace: Reach[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.copy());
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = reach.isInserting(edits, diagonal) ? reach.at(diagonal + 1) : reach.at(diagonal - 1) + 1;
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal]) x++;
      reach.set(diagonal, x);
      if (x >= one.length && x - diagonal >= other.length) return trace;
    }
  }
  return undefined;
}

/** From the ends of both to their beginnings: equal lines, then the edit before them, and so on. */
function goBack(one: readonly string[], other: readonly string[], trace: readonly Reach[]): Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [one.length, other.length];
  const takeEqual = (fromX: number, fromY: number): void => {
    for (; x > fromX && y > fromY; x--, y--) edits.push({ kind: " ", line: one[x - 1] ?? "" });
  };
  for (const [step, reach] of [...trace.entries()].slice(1).toReversed()) {
    const isInserting = reach.isInserting(step, x - y);
    const before = x - y + (isInserting ? 1 : -1);
    const fromX = reach.at(before);
    takeEqual(isInserting ? fromX : fromX + 1, isInserting ? fromX - before + 1 : fromX - before);
    edits.push(isInserting ? { kind: "+", line: other[y - 1] ?? "" } : { kind: "-", line: one[x - 1] ?? "" });
    [x, y] = [fromX, fromX - before];
  }
  takeEqual(0, 0);
  return edits.toReversed();
}

function editsOf(one: readonly string[], other: readonly string[]): Edit[] {
  const trace = findWay(one, other);
  if (trace !== undefined) return goBack(one, other, trace);
  return [...one.map((line): Edit => ({ kind: "-", line })), ...other.map((line): Edit => ({ kind: "+", line }))];
}

/** Runs of edits that are shown together: those whose contexts touch. */
function hunksOf(edits: readonly Edit[]): [from: number, to: number][] {
  const hunks: [number, number][] = [];
  for (const [index, { kind }] of edits.entries()) {
    if (kind === " ") continue;
    const [from, to] = [Math.max(0, index - contextLines), Math.min(edits.length, index + contextLines + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks;
}

function renderLine({ kind, line }: Edit): string {
  return line.endsWith("\n") ? `${kind}${line}` : `${kind}${line}\n\\ No newline at end of file\n`;
}

/** A range of no lines is named by the line before it. */
function rangeOf(start: number, length: number): string {
  const from = length === 0 ? start : start + 1;
  return length === 1 ? `${from}` : `${from},${length}`;
}

/** Hunks alone; empty where the texts are the same. */
export function unifiedHunks(before: string, after: string): string {
  const edits = editsOf(linesOf(before), linesOf(after));
  const lengthOf = (part: readonly Edit[], kind: Edit["kind"]): number =>
    part.filter((edit) => edit.kind === kind || edit.kind === " ").length;
  return hunksOf(edits)
    .map(([from, to]) => {
      const [above, part] = [edits.slice(0, from), edits.slice(from, to)];
      const old = rangeOf(lengthOf(above, "-"), lengthOf(part, "-"));
      const now = rangeOf(lengthOf(above, "+"), lengthOf(part, "+"));
      return `@@ -${old} +${now} @@\n${part.map(renderLine).join("")}`;
    })
    .join("");
}
