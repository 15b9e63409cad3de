/**
 * What of a project's wishes counts while nobody has said that it is trusted: what asks for less than a job would have
 * anyway. A rule says for each thing that can be asked whether a value does. Pure.
 */
import { artifactCaps } from "../model/artifact.ts";
import { jobFields, type SettingKey } from "./job-fields.ts";
import type { JobSettings } from "./job-request.ts";
import { limitEntries, type LimitKey, type StatedLimits } from "./limit-fields.ts";
import type { Statement } from "./statements.ts";

/** What a job would have without the project: its settings, and the caps that are applied where none is stated. */
export interface Untouched {
  readonly settings: JobSettings;
  readonly limits: StatedLimits;
}

/** Whether a value asks for more than there would be, for as much, or for less. */
type Comparison = "more" | "same" | "less";

type Rule<Value> = (value: Value, base: Value, untouched: Untouched) => Comparison;

const compare = (one: number, other: number): Comparison => (one === other ? "same" : one > other ? "more" : "less");

/** Words by how much they give. */
function byRank<Word extends string>(ranks: Readonly<Record<Word, number>>): Rule<Word> {
  return (value, base) => compare(ranks[value], ranks[base]);
}

const grants: Rule<unknown> = () => "more";
const demands: Rule<unknown> = () => "less";
const grantsWhenOn: Rule<boolean> = (value, base) => compare(Number(value), Number(base));

const workspaceRanks = byRank({ none: 0, ro: 1, cow: 2, rw: 3 });

/** `ro` stated would take a directory that is not taken by itself: it counts as the default, and is left at that. */
const workspaceRule: Rule<JobSettings["workspace"]> = (value = "cow", base, untouched) =>
  base === undefined && value === "ro" ? "same" : workspaceRanks(value, base ?? "cow", untouched);
const networkRule = byRank({ "no-sockets": 0, none: 1, host: 2 });
const outputRule = byRank({ kill: 0, truncate: 1 });

/** As little as there would be, stated, is a demand for it. */
function cap(key: LimitKey): Rule<number | undefined> {
  return (value = 0, base, { limits }) => (value <= (base ?? limits[key] ?? Infinity) ? "less" : "more");
}

const capRules = Object.fromEntries(limitEntries.map(([key]) => [key, cap(key)])) as {
  readonly [Key in LimitKey]: Rule<number | undefined>;
};

const rules: { readonly [Key in SettingKey]-?: Rule<JobSettings[Key]> } = {
  workspace: workspaceRule,
  // What a project would have left out of sight, its user may want to see.
  ignore: grants,
  apply: byRank({ never: 0, ask: 1, "on-success": 2 }),
  read: grants,
  write: grants,
  tools: grantsWhenOn,
  deny: demands,
  protect: demands,
  // Another root shows what the project names, and the host's own what another root does not.
  root: (value = "host", base = "host") => (value === base ? "same" : "more"),
  // It takes memory, and covers what its user may have meant the job to see.
  tmpfs: grants,
  // As with a variable: it can be what a program of the caller's takes orders from.
  files: grants,
  // A list of destinations lies between none and the host's network, and either of the first two takes it away.
  network: (value, base, untouched) =>
    untouched.settings.allowedHosts.length > 0 && value !== "host" ? "less" : networkRule(value, base, untouched),
  allowedHosts: grants,
  // The job has a list of its user's by another way: it sees other addresses, and loses ports of its own.
  isTransparent: (value, base) => compare(Number(value ?? false), Number(base ?? false)),
  setup: grants,
  setupAllowedHosts: grants,
  publish: grants,
  injected: grants,
  // A project that could name sources would have the caller's files read for it.
  secrets: grants,
  secretDescriptors: grants,
  masksOutput: (value, base) => compare(Number(base), Number(value)),
  seccomp: byRank({ strict: 0, default: 1, compat: 2 }),
  // Also one with a value: it can make a program of the caller's load what the project brings.
  environment: grants,
  terminal: byRank({ none: 0, private: 1 }),
  ...capRules,
  onOutput: (value = "truncate", base = "truncate", untouched) => outputRule(value, base, untouched),
  minimum: demands,
  require: demands,
  accept: grants,
  strict: (value, base) => compare(Number(base), Number(value)),
  verified: (value, base) => compare(Number(base ?? false), Number(value ?? false)),
  // A copy of what its jobs made lands in a place of the user's.
  artifacts: grants,
  artifactsTo: grants,
  artifactBytes: (value = 0, base) => (value <= (base ?? artifactCaps.bytes) ? "less" : "more"),
  artifactFiles: (value = 0, base) => (value <= (base ?? artifactCaps.files) ? "less" : "more"),
  artifactsRequired: (value, base) => compare(Number(base ?? false), Number(value ?? false)),
  // What it has its jobs do is the user's to look up.
  isUnrecorded: (value, base) => compare(Number(value ?? false), Number(base ?? false)),
  // It fills the user's disk, and what the user would have kept is not the project's to leave out.
  keptOutputBytes: (value, base) => (value === base ? "same" : "more"),
  // Which one is taken decides what is lost where guarantees are given up.
  strategy: (value, base) => (value === base ? "same" : "more"),
  prefer: byRank({ strongest: 0, fastest: 1 }),
};

/** One thing's rule for its own values, which are what its field reads. */
type AnyRule = Rule<JobSettings[SettingKey]>;

function compareSetting({ key, word, field }: Statement, untouched: Untouched): Comparison {
  const rule = rules[key] as AnyRule;
  return rule(jobFields[key].read([word], field), untouched.settings[key], untouched);
}

/** What counts of an untrusted project's statements, and what is left out of them since it asks for more. */
export interface Tightened {
  readonly counting: readonly Statement[];
  readonly leftOut: readonly Statement[];
}

/** Both; what asks for as much as there would be anyway is in neither. */
export function tighten(stated: readonly Statement[], untouched: Untouched): Tightened {
  const compared = stated.map((statement) => ({
    statement,
    comparison: compareSetting(statement, untouched),
  }));
  const having = (wanted: Comparison): Statement[] =>
    compared.filter(({ comparison }) => comparison === wanted).map(({ statement }) => statement);
  return { counting: having("less"), leftOut: having("more") };
}
