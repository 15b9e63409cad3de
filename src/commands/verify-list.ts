/** `cupel verify --list`: which attacks there are. */
import { renderAttackList, renderAttackListJson } from "../report/render-attack-list.ts";
import { attackSpecs, countAttacks } from "../verify/attack-catalogue.ts";
import { leftOutAttacks } from "../verify/left-out-attacks.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";

/** The list as text, or as JSON with `--json`. */
export function listAttacks({ flags }: CommandLine): string {
  const all = {
    attacks: attackSpecs.map(({ id, title, guarantees }) => ({ id, title, guarantees })),
    leftOut: leftOutAttacks,
    counts: countAttacks(attackSpecs),
  };
  return flags.has("json") ? renderAttackListJson(all) : renderAttackList(all, styleOf(process.stdout));
}
