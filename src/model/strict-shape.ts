/**
 * Strict checks of small, flat values that are read at every run: what is not described is an error, as everywhere.
 * valibot does this and more; loading it takes a tenth of a whole run.
 */

/** Says what is wrong with a value, beginning with the place; undefined where nothing is. `Type` is what it then is. */
export interface Check<Type> {
  (value: unknown, place: string): string | undefined;
  /** Never there: carries the type. */
  readonly type?: Type;
}

/** What a check lets through. */
export type Checked<C> = C extends Check<infer Type> ? Type : never;

/** A string. */
export const text: Check<string> = (value, place) => (typeof value === "string" ? undefined : `${place}: is no text`);

/** A finite whole number. */
export const integer: Check<number> = (value, place) =>
  Number.isInteger(value) ? undefined : `${place}: is no whole number`;

/** A string or a finite number, or nothing. */
export const textOrNumberIfAny: Check<string | number | undefined> = (value, place) =>
  value === undefined || typeof value === "string" || Number.isFinite(value) ? undefined : `${place}: is no value`;

/** One of these. */
export function oneOf<Word extends string | number>(words: readonly Word[]): Check<Word> {
  return (value, place) => (words.some((word) => word === value) ? undefined : `${place}: is not known`);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}

function firstProblem(value: unknown, place: string): string {
  return `${place === "" ? "it" : place}: ${value === undefined ? "is missing" : "has another shape"}`;
}

/** That, or nothing. */
export function ifAny<Type>(check: Check<Type>): Check<Type | undefined> {
  return (value, place) => (value === undefined ? undefined : check(value, place));
}

/** A list of such items. */
export function listOf<Item>(item: Check<Item>): Check<readonly Item[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return firstProblem(value, place);
    for (let index = 0; index < value.length; index++) {
      const problem = item(value[index], within(place, String(index)));
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** A mapping of any names to such values. */
export function mappingTo<Value>(check: Check<Value>): Check<Readonly<Record<string, Value>>> {
  return (value, place) => {
    if (!isMapping(value)) return firstProblem(value, place);
    for (const name of Object.keys(value)) {
      const problem = check(value[name], within(place, name));
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** A mapping with these fields and no other. */
export function strictObject<Fields extends Readonly<Record<string, Check<unknown>>>>(
  fields: Fields,
): Check<{ readonly [Name in keyof Fields]: Checked<Fields[Name]> }> {
  const names = Object.keys(fields);
  return (value, place) => {
    if (!isMapping(value)) return firstProblem(value, place);
    const unknown = Object.keys(value).find((name) => !names.includes(name));
    if (unknown !== undefined) return `${within(place, unknown)}: is not known`;
    for (const name of names) {
      const problem = fields[name]?.(value[name], within(place, name));
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}
