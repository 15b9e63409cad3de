/** What is wrong with a state or an amount that an attack told. Pure. */
import { rightlessNamespace } from "./host-facts.ts";
import { factsOf, type AttackRecord } from "./attack-record.ts";
import type { SandboxWishes, StateContext } from "./attack-spec.ts";

type Finder = (record: AttackRecord, context: StateContext) => string | undefined;

function largest(record: AttackRecord, fact: string): number {
  return Math.max(0, ...(factsOf(record).get(fact)?.map(Number) ?? []));
}

/** More than the cap was had: the largest of the amounts that were told under these names. */
export function moreThan(facts: readonly string[], capOf: (wishes: SandboxWishes) => number | undefined): Finder {
  return (record, { wishes }) => {
    const cap = capOf(wishes);
    const over = facts.find((fact) => cap !== undefined && largest(record, fact) > cap);
    return over === undefined ? undefined : `it had ${largest(record, over)} ${over}, and the cap is ${cap ?? 0}`;
  };
}

/** A quota is kept over tenths of a second, so that short runs may go over it a little. */
const cpuTolerance = 1.3;

/** More CPU time than the share that the sandbox was given. */
export const findCpuTime: Finder = (record, { wishes: { cpus = Infinity } }) => {
  const [cpuMs, wallMs] = [largest(record, "cpu-ms"), largest(record, "wall-ms")];
  return wallMs === 0 || cpuMs <= wallMs * cpus * cpuTolerance
    ? undefined
    : `it had ${cpuMs} ms of CPU time in ${wallMs} ms, and the cap is ${cpus} CPUs`;
};

/** Variables that every job is given. */
const ownVariables = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "TERM",
  "PWD",
  "SHLVL",
  "_",
  "HOSTNAME",
  "TMPDIR",
  "GIT_CONFIG_NOSYSTEM",
  "container",
];

/** A variable that was not declared. */
export const findForeignVariable: Finder = (record, { variables }) => {
  const foreign = factsOf(record)
    .get("variable")
    ?.find((name) => !ownVariables.includes(name) && !variables.includes(name));
  return foreign === undefined ? undefined : `it has the variable ${foreign}`;
};

function foreignDescriptor(record: AttackRecord, fact: string): string | undefined {
  return factsOf(record)
    .get(fact)
    ?.find((text) => Number.parseInt(text, 10) > 2);
}

/** A descriptor besides the three standard streams. */
export const findForeignDescriptor: Finder = (record) => {
  const foreign = foreignDescriptor(record, "descriptor");
  return foreign === undefined ? undefined : `it has descriptor ${foreign}`;
};

/** A socket besides the three standard streams. */
export const findForeignSocket: Finder = (record) => {
  const foreign = foreignDescriptor(record, "socket");
  return foreign === undefined ? undefined : `it has socket ${foreign}`;
};

/** A file's number and times, told of a file that was not granted. */
export const findSeenFile: Finder = (record) => {
  const seen = factsOf(record).get("home-file")?.[0];
  return seen === undefined ? undefined : `it saw the file (${seen})`;
};

/** The kernel says so of a directory that lies outside of a process's root (getcwd(2)). */
export const findUnreachable: Finder = (record) => {
  const places = [...factsOf(record).values()].flat();
  const outside = places.find((place) => place.startsWith("(unreachable)"));
  return outside === undefined ? undefined : `it is at ${outside}`;
};

/** Processes that ended and that nobody waited for. */
export const findZombies: Finder = (record) => {
  const zombies = largest(record, "zombies");
  return zombies > 0 ? `${zombies} processes wait for nobody` : undefined;
};

/** A number by which this host can be told from every other. */
export const findHostIdentity: Finder = (record, { host }) => {
  const facts = factsOf(record);
  const same = Object.entries(host).find(([name, value]) => facts.get(name)?.some((seen) => seen.trim() === value));
  return same === undefined ? undefined : `its ${same[0]} is the host's`;
};

/** An interface besides a loopback. */
export const findInterfaces: Finder = (record) => {
  const foreign = factsOf(record)
    .get("interface")
    ?.find((name) => name !== "lo");
  return foreign === undefined ? undefined : `there is an interface ${foreign}`;
};

/** A server that may be reached by way of a proxy answered. */
export function findListed({ sightings }: AttackRecord): string | undefined {
  return sightings.some(({ channel }) => channel === "listed") ? "it reached a listed server by a proxy" : undefined;
}

/** States of a process that can gain nothing, by the fact's name. */
const harmless: Readonly<Record<string, RegExp>> = {
  "no-new-privs": /^1$/,
  effective: /^0+$/,
  permitted: /^0+$/,
  inheritable: /^0+$/,
  bounding: /^0+$/,
  ambient: /^0+$/,
};

/** Without new privileges a bounding set bounds nothing; who has no right to it must leave it as it is. */
function isBoundingIdle(facts: ReturnType<typeof factsOf>, host: Readonly<Record<string, string>>): boolean {
  const namespace = host[rightlessNamespace];
  return namespace !== undefined && facts.get("user-namespace")?.every((seen) => seen === namespace) === true;
}

/** A privilege that is held, or that could be gained. */
export const findPrivilege: Finder = (record, { host }) => {
  const facts = factsOf(record);
  for (const [name, pattern] of Object.entries(harmless)) {
    if (name === "bounding" && isBoundingIdle(facts, host)) continue;
    const value = facts.get(name)?.find((seen) => !pattern.test(seen));
    if (value !== undefined) return `${name} is ${value}`;
  }
  return undefined;
};
