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

/** Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): how far each diagonal is reached with d edits. */
function reach(one: readonly string[], other: readonly string[]): Int32Array[] | undefined {
  const most = Math.min(one.length + other.length, differencesMax);
  const offset = most + 1;
  const furthest = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(furthest.slice());
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [left = 0, right = 0] = [furthest[offset + diagonal - 1], furthest[offset + diagonal + 1]];
      const isDown = diagonal === -edits || (diagonal !== edits && left < right);
      let x = isDown ? right : left + 1;
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal]) x++;
      furthest[offset + diagonal] = x;
      if (x >= one.length && x - diagonal >= other.length) return trace;
    }
  }
  return undefined;
}

function backtrack(one: readonly string[], other: readonly string[], trace: readonly Int32Array[]): Edit[] {
  const offset = Math.min(one.length + other.length, differencesMax) + 1;
  const edits: Edit[] = [];
  let [x, y] = [one.length, other.length];
  for (let step = trace.length - 1; step >= 0; step--) {
    const furthest = trace[step] ?? new Int32Array();
    const diagonal = x - y;
    const [left = 0, right = 0] = [furthest[offset + diagonal - 1], furthest[offset + diagonal + 1]];
    const isDown = diagonal === -step || (diagonal !== step && left < right);
    const previousX = step === 0 ? 0 : isDown ? right : left;
    const previousY = step === 0 ? 0 : previousX - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > previousX && y > previousY && one[x - 1] === other[y - 1]) {
      edits.push({ kind: " ", line: one[x - 1] ?? "" });
      [x, y] = [x - 1, y - 1];
    }
    if (step === 0) break;
    edits.push(isDown ? { kind: "+", line: other[y - 1] ?? "" } : { kind: "-", line: one[x - 1] ?? "" });
    [x, y] = [previousX, previousY];
  }
  return edits.reverse();
}

function editsOf(one: readonly string[], other: readonly string[]): Edit[] {
  const trace = reach(one, other);
  if (trace !== undefined) return backtrack(one, other, trace);
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
