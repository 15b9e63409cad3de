/** Lines that the attacker writes when it is not attacking: its list, and what its victim says. */

/** One attack as `attacker --list` tells it. */
export interface ListedAttack {
  readonly id: string;
  readonly title: string;
  /** Keys without which it is `impossible`. */
  readonly keys: readonly string[];
  /** Keys that it can do without. */
  readonly optionalKeys: readonly string[];
}

/** One line of `attacker --victim`, the process to be attacked. */
export type VictimLine =
  | { readonly kind: "victim"; readonly pid: number; readonly address: string; readonly descriptor: number }
  | { readonly kind: "signal"; readonly number: number }
  | { readonly kind: "changed" };

/** A line of `attacker --list`; undefined where it is none. */
export function parseListedAttack(line: string): ListedAttack | undefined {
  const [, id, keys = "", title] = /^([A-F]\d\d) (-|[a-z0-9,?-]+) (.+)$/.exec(line) ?? [];
  if (id === undefined || title === undefined) return undefined;
  const names = keys === "-" ? [] : keys.split(",");
  const isOptional = (name: string): boolean => name.endsWith("?");
  return {
    id,
    title,
    keys: names.filter((name) => !isOptional(name)),
    optionalKeys: names.filter(isOptional).map((name) => name.slice(0, -1)),
  };
}

/** A line of `attacker --victim`; undefined where it is none. */
export function parseVictimLine(line: string): VictimLine | undefined {
  if (line === "changed") return { kind: "changed" };
  const [, signal] = /^signal (\d{1,2})$/.exec(line) ?? [];
  if (signal !== undefined) return { kind: "signal", number: Number(signal) };
  const [, pid, address, descriptor] = /^victim (\d{1,10}) (\d{1,20}) (\d{1,5})$/.exec(line) ?? [];
  if (pid === undefined || address === undefined) return undefined;
  return { kind: "victim", pid: Number(pid), address, descriptor: Number(descriptor) };
}
