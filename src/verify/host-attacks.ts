/** Attacks of which only the host's side sees what becomes. */
import { changeAttacks } from "./change-attacks.ts";
import { endingAttacks } from "./ending-attacks.ts";
import type { HostAttack } from "./host-stage.ts";
import { injectionAttack } from "./injection-attack.ts";
import { secretAttack } from "./secret-attack.ts";
import { setUpAttacks } from "./set-up-attacks.ts";

/** All of them. */
export const hostAttacks: readonly HostAttack[] = [
  secretAttack,
  injectionAttack,
  ...endingAttacks,
  ...changeAttacks,
  ...setUpAttacks,
];
