/** One sitting of attacks on one side, in a sandbox or without: canaries planted, attacks made, what came of them seen. */
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { originalHelper } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import { mergeRecords, type AttackRecord } from "./attack-record.ts";
import { cleanUp, noteResidue, runLegs, spareMs, type Stage } from "./attack-runs.ts";
import type { AttackSpec, StateContext } from "./attack-spec.ts";
import { freshToken } from "./canaries/canary.ts";
import type { Hit } from "./canaries/hit.ts";
import { collectLeft } from "./canaries/left.ts";
import { plantCanaries } from "./canaries/plant-canaries.ts";
import type { AttackSide } from "./judge-attack.ts";
import { endLeftovers } from "./leftovers.ts";
import type { AttackerEnd } from "./run-attacker.ts";
import type { SideOrder } from "./side-order.ts";

/** What one sitting gave. */
export interface SideResult {
  sideOf(id: string): AttackSide;
  /** Why no attack was made; absent where they were. */
  readonly failure?: string | undefined;
}

/**
 * The attacker where it may be executed: a directory for temporary files may be mounted noexec, and what lies below
 * /dev no job can be granted. @throws CupelError.
 */
export function placeAttacker(places: readonly string[]): string {
  const { bytes } = originalHelper("attacker");
  for (const place of places.filter((path) => !path.startsWith("/dev/"))) {
    const path = `${place}/attacker`;
    writeFileSync(path, bytes, { flag: "wx" });
    chmodSync(path, 0o755);
    if (spawnSync(path, ["--list"], { timeout: spareMs }).status === 0) return path;
  }
  throw new CupelError(
    "set-up",
    `the attacker cannot be placed where a job could execute it: ${places.join(", ")} will not do`,
    {
      hint: "Set TMPDIR to a directory of yours that is neither mounted noexec nor below /dev.",
    },
  );
}

/** Names what an attack makes by its id, so that what is left tells whose it is. */
export function freshMark(id: string): string {
  return `${id}-${freshToken().slice(-8)}`;
}

/** Why a sandbox did not start the attacker; undefined where it did. */
export function failureOf({ hasStarted, problem, end, errors }: AttackerEnd): string | undefined {
  if (problem !== undefined) return `the attacker did not understand ${problem}`;
  if (hasStarted) return undefined;
  const [line = ""] = errors.split("\n");
  return `the sandbox did not start the attacker (${end}${line === "" ? "" : `: ${line}`})`;
}

function recordOf(id: string, ends: readonly AttackerEnd[]): AttackRecord | undefined {
  return mergeRecords(ends.flatMap(({ records }) => records.get(id) ?? []));
}

/** Written by an attack as a word of its own. */
function isNamed(text: string, id: string): boolean {
  return new RegExp(`(?:^|[^A-Za-z0-9])${id}-`).test(text);
}

/** What was seen while it was made, and what was seen at any time that names it or that only it does. */
function hitsOf(id: string, { order, hits }: Stage, late: readonly Hit[]): Hit[] {
  const touchesOf = (spec: AttackSpec | undefined): readonly string[] => spec?.touches ?? [];
  const own = touchesOf(order.attacks.find((spec) => spec.id === id));
  const others = order.attacks.filter((spec) => spec.id !== id);
  const isOthers = ({ canary, text }: Hit): boolean =>
    others.some((other) => isNamed(text, other.id) || touchesOf(other).includes(canary));
  const isOwn = (hit: Hit): boolean => isNamed(hit.text, id) || (own.includes(hit.canary) && !isOthers(hit));
  const meanwhile = hits.get(id) ?? [];
  const any = [...[...hits.values()].flat(), ...late].filter((hit) => isOwn(hit) && !meanwhile.includes(hit));
  return [...meanwhile.filter((hit) => !isOthers(hit)), ...any];
}

async function attack(stage: Stage): Promise<SideResult> {
  const { order, canaries, program, marks, variable } = stage;
  await canaries.look();
  noteResidue(stage);
  const ends = await runLegs(stage);
  const left = ends.flatMap(({ records }) => [...records.values()].flatMap(({ sightings }) => sightings));
  const late: Hit[] = [
    ...(await endLeftovers(program, order.isInside)),
    ...collectLeft(left),
    ...(await canaries.look()),
  ];
  await cleanUp(stage);
  // What one leg offers and the other takes is its mark.
  const offered = ends.length > 1 ? [...marks.values()] : [];
  const unlisted = order.egress === undefined ? [] : [order.egress.token];
  const tokens = [...canaries.tokens, ...unlisted, variable, ...offered];
  const context: StateContext = {
    host: order.hostFacts,
    variables: order.isInside ? (order.egress?.variables ?? []) : [],
    wishes: order.wishes,
  };
  return {
    sideOf: (id) => ({ record: recordOf(id, ends), hits: hitsOf(id, stage, late), tokens, context }),
    failure: ends.map(failureOf).find((failure) => failure !== undefined),
  };
}

/** Makes the attacks, and takes away again all that was planted. @throws CupelError `set-up`. */
export async function attackSide(order: SideOrder): Promise<SideResult> {
  const canaries = await plantCanaries(order);
  try {
    return await attack({
      order,
      canaries,
      program: placeAttacker(canaries.places),
      marks: new Map(order.attacks.map(({ id }) => [id, freshMark(id)])),
      variable: freshToken(),
      hits: new Map(),
    });
  } finally {
    await canaries.remove();
  }
}
