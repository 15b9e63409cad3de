/**
 * What attack B13 leaves where nothing holds it: objects of System V and POSIX and a key, which lie in no directory. A
 * note beside the attacker says which, so that they can be taken away when the verification was killed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { abandonedVerifications } from "../run/verification-files.ts";
import { renderAttackOrders } from "./attack-line.ts";

const deadlineMs = 5000;

function noteFor(program: string): string {
  return `${program}-residue`;
}

/** Says that the attack `id` is about to leave things by the name of `mark`. */
export function writeResidueNote(program: string, id: string, mark: string): void {
  writeFileSync(noteFor(program), `${id} ${mark}`);
}

function readNote(program: string): string {
  try {
    return readFileSync(noteFor(program), "utf8");
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

function removeNoted(program: string): void {
  const [id, mark] = readNote(program).split(" ");
  if (id === undefined || mark === undefined) return;
  const input = renderAttackOrders([
    { order: "set", key: "mark", value: mark },
    { order: "set", key: "residue", value: "clean" },
    { order: "run", id, deadlineMs },
  ]);
  // Where it cannot be run it stays; its directory is removed all the same.
  spawnSync(program, { input, env: {}, stdio: ["pipe", "ignore", "ignore"], timeout: deadlineMs });
}

/** Takes away what attacks of verifications that were killed have left: before their directories are removed. */
export function removeResidue(places: readonly string[], uid: number): void {
  for (const directory of abandonedVerifications(places, uid)) removeNoted(`${directory}/attacker`);
}
