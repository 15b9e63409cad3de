/** A remedy as blocks: what it does, who can do it, what it risks, and its commands. */
import type { Remedy } from "../model/report.ts";
import { ownerWords } from "./owner-words.ts";
import { clause, sentence } from "./phrase.ts";
import { nothingHelps } from "./remedy-case.ts";
import { command, field } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** `for the administrator, reversible`; advice without a command has nothing to be reversed. */
export function describeWho({ appliedBy, commands, reversible }: Remedy): string {
  const undo = reversible ? ", reversible" : ", not reversible";
  return `for ${ownerWords[appliedBy]}${reversible && commands.length === 0 ? "" : undo}`;
}

/** The remedy, whole. */
export function remedyBlocks(remedy: Remedy): Block[] {
  if (remedy.summary === nothingHelps) return [field("Remedy", sentence(nothingHelps))];
  const risk = remedy.risk === "" ? "" : ` Risk: ${sentence(remedy.risk)}`;
  return [
    field("Remedy", `${clause(remedy.summary)} (${describeWho(remedy)}).${risk}`),
    ...(remedy.engineFlags.length === 0 ? [] : [field("Engine's flags", remedy.engineFlags.join(" "))]),
    ...remedy.commands.map(command),
  ];
}

/** The remedies of one capability, each only once in a report: `seen` maps what was shown to where. */
export function remediesOfCapability(id: string, remedies: readonly Remedy[], seen: Map<string, string>): Block[] {
  const own = remedies.filter((remedy) => remedy.capability === id);
  if (own.length === 0) return [field("Remedy", sentence(nothingHelps))];
  return own.flatMap((remedy) => {
    const key = JSON.stringify([remedy.summary, remedy.commands, remedy.engineFlags]);
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, id);
    return earlier === undefined ? remedyBlocks(remedy) : [field("Remedy", `as for ${earlier}, above.`)];
  });
}
