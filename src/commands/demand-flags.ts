/** Flags by which several commands are told what is demanded. */
import { isolationClasses } from "../model/guarantee.ts";
import type { FlagDescription } from "../report/command-description.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { choice, text } from "./description-parts.ts";

/** A cap on time. */
export const timeoutFlag: FlagDescription = {
  name: "timeout",
  description: "end the job after this time",
  value: text("TIME"),
};
/** Caps on the whole tree. */
export const capFlags: readonly FlagDescription[] = [
  { name: "memory", description: "cap on memory", value: text("SIZE") },
  { name: "cpus", description: "cap on CPU time, in CPUs", value: text("N") },
  { name: "pids", description: "cap on processes and threads", value: text("N") },
];
/** By name. */
export const strategyFlag: FlagDescription = {
  name: "strategy",
  description: "only this strategy",
  value: choice(
    "ID",
    strategies.map(({ id }) => id),
  ),
};
/** A floor. */
export const minimumFlag: FlagDescription = {
  name: "min",
  description: "no weaker isolation than this class",
  value: choice("CLASS", isolationClasses),
};
/** What takes seconds. */
export const deepFlag: FlagDescription = {
  name: "deep",
  description: "also do what takes seconds, such as booting a kernel",
};
