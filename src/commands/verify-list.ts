/** `cupel verify --list`: which attacks there are. */
import { renderAttackList, renderAttackListJson } from "../report/render-attack-list.ts";
import { allAttacks, attacksLeftOut, countAttacks } from "../verify/attack-catalogue.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";

/** The list as text, or as JSON with `--json`. */
export function listAttacks({ flags }: CommandLine): string {
  const all = {
    attacks: allAttacks.map(({ id, title, guarantees }) => ({ id, title, guarantees })),
    leftOut: attacksLeftOut,
    counts: countAttacks(allAttacks),
  };
  return flags.has("json") ? renderAttackListJson(all) : renderAttackList(all, styleOf(1));
}
