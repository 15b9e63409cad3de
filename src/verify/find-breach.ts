/** What is wrong with a state or an amount that an attack told. Pure. */
import { factsOf, type AttackRecord } from "./attack-record.ts";
import type { RoundCaps, StateContext } from "./attack-spec.ts";

type Finder = (record: AttackRecord, context: StateContext) => string | undefined;

/** More than the cap was had: the largest of the amounts that were told under this name. */
export function moreThan(fact: string, capOf: (caps: RoundCaps) => number | undefined): Finder {
  return (record, { caps }) => {
    const amounts = factsOf(record).get(fact)?.map(Number) ?? [];
    const cap = capOf(caps);
    const most = Math.max(...amounts);
    return cap === undefined || amounts.length === 0 || most <= cap
      ? undefined
      : `it had ${most} ${fact}, and the cap is ${cap}`;
  };
}

/** Variables that every job is given. */
const ownVariables = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "PWD", "SHLVL", "_", "HOSTNAME", "container"];

/** A variable that was not declared. */
export const findForeignVariable: Finder = (record) => {
  const names = factsOf(record).get("variable") ?? [];
  const foreign = names.find((name) => !ownVariables.includes(name));
  return foreign === undefined ? undefined : `it has the variable ${foreign}`;
};

/** A descriptor besides the three standard streams. */
export const findForeignDescriptor: Finder = (record) => {
  const descriptors = factsOf(record).get("descriptor") ?? [];
  const foreign = descriptors.find((text) => Number.parseInt(text, 10) > 2);
  return foreign === undefined ? undefined : `it has descriptor ${foreign}`;
};

/** A number by which this host can be told from every other. */
export const findHostIdentity: Finder = (record, { host }) => {
  const facts = factsOf(record);
  const same = Object.entries(host).find(([name, value]) => facts.get(name)?.some((seen) => seen.trim() === value));
  return same === undefined ? undefined : `its ${same[0]} is the host's`;
};

/** An interface besides a loopback. */
export const findInterfaces: Finder = (record) => {
  const names = factsOf(record).get("interface") ?? [];
  const foreign = names.find((name) => name !== "lo");
  return foreign === undefined ? undefined : `there is an interface ${foreign}`;
};

/** States of a process that can gain nothing, by the fact's name. */
const harmless: Readonly<Record<string, RegExp>> = {
  "no-new-privs": /^1$/,
  effective: /^0+$/,
  permitted: /^0+$/,
  inheritable: /^0+$/,
  bounding: /^0+$/,
  ambient: /^0+$/,
};

/** A privilege that is held, or that could be gained. */
export const findPrivilege: Finder = (record) => {
  const facts = factsOf(record);
  for (const [name, pattern] of Object.entries(harmless)) {
    const value = facts.get(name)?.find((seen) => !pattern.test(seen));
    if (value !== undefined) return `${name} is ${value}`;
  }
  return undefined;
};
