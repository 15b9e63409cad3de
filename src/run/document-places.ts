/**
 * Where everything in a document stands, found in one walk: a file of a stranger's may have as many names as fit in it, and
 * looking each of them up would take the square of that. Pure.
 */
import { isCollection, isMap, isNode, isScalar, type Document } from "yaml";

/** Names and numbers that lead to a value. */
export type Path = readonly (string | number)[];

/** Deeper than anything that is read; the recursions of others who get the document end there, too. */
const depthMax = 64;

/** Something in a document that no reader takes. */
export interface PlaceProblem {
  readonly offset: number;
  readonly problem: string;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** Numbers and text count as the same, as in the paths of a schema's issues. */
function keyOf(keys: Path): string {
  return keys.map((key) => JSON.stringify(String(key))).join("");
}

/** Offsets of a document's values, and of the names that lead to them. */
export class DocumentPlaces {
  readonly #values = new Map<string, number>();
  readonly #names = new Map<string, number>();
  #problem: PlaceProblem | undefined;

  constructor({ contents }: Document) {
    this.#walk(contents, "", 0);
  }

  /** The first name that is there twice, or that it is nested too deeply. */
  get problem(): PlaceProblem | undefined {
    return this.#problem;
  }

  /** Where the value at `keys` stands, or its name with `isName`; what is not there stands where it would. */
  offsetOf(keys: Path, isName = false): number {
    const key = keyOf(keys);
    const offset = (isName ? this.#names.get(key) : undefined) ?? this.#values.get(key);
    if (offset !== undefined || keys.length === 0) return offset ?? 0;
    return this.offsetOf(keys.slice(0, -1));
  }

  #walk(node: unknown, key: string, depth: number): void {
    const offset = startOf(node);
    if (offset !== undefined) this.#values.set(key, offset);
    if (!isCollection(node)) return;
    if (depth >= depthMax) {
      this.#problem ??= { offset: offset ?? 0, problem: "it is nested too deeply" };
      return;
    }
    if (isMap(node)) {
      for (const { key: name, value } of node.items) this.#walkPair(name, value, key, depth);
    } else {
      node.items.forEach((item, index) => this.#walk(item, `${key}${keyOf([index])}`, depth + 1));
    }
  }

  #walkPair(name: unknown, value: unknown, above: string, depth: number): void {
    if (!isScalar(name)) return;
    const key = `${above}${keyOf([String(name.value)])}`;
    const offset = startOf(name) ?? 0;
    if (this.#names.has(key)) this.#problem ??= { offset, problem: "this name is there twice; write it once" };
    this.#names.set(key, offset);
    this.#walk(value, key, depth + 1);
  }
}
