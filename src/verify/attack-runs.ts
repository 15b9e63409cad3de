/** Runs the attacker for one sitting: what it is told, and what is seen from outside while it goes on. */
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import { tokenStart, type AttackKeys } from "./canaries/canary.ts";
import type { Hit } from "./canaries/hit.ts";
import type { Canaries } from "./canaries/plant-canaries.ts";
import { writeResidueNote } from "./residue.ts";
import { runAttacker, type AttackerEnd } from "./run-attacker.ts";
import type { SideOrder } from "./side-order.ts";

/** An attack's time, unless it needs more. */
const defaultDeadlineMs = 3000;
/** Beyond the attacks' own: a sandbox's start on a machine with other work. */
export const spareMs = 10_000;
/** The one that listens is there before the one that connects. */
const headStartMs = 200;

function set(keys: AttackKeys): AttackOrder[] {
  return Object.entries(keys).map(([key, value]) => ({ order: "set", key, value }));
}

/** Where it is made, and what is seen of it. */
export interface Stage {
  readonly order: SideOrder;
  readonly canaries: Canaries;
  readonly program: string;
  readonly marks: ReadonlyMap<string, string>;
  /** A token among the caller's variables. */
  readonly variable: string;
  /** What was seen while each attack was made. */
  readonly hits: Map<string, Hit[]>;
}

/** Where everything is, then what each attack is told. */
function ordersFor({ order, canaries, marks }: Stage, leg: AttackKeys): string[] {
  const { keys } = canaries;
  const loopback = keys["listen-port"] === undefined ? {} : { "loopback-port": keys["listen-port"] };
  const egress = order.isInside ? order.egress?.inside : order.egress?.outside;
  const inside = order.isInside ? { inside: "yes" } : {};
  const places = set({ ...keys, ...loopback, ...egress, ...leg, "token-prefix": tokenStart, ...inside });
  return order.attacks.map(({ id, deadlineMs = defaultDeadlineMs, amounts = {} }, index) =>
    renderAttackOrders([
      ...(index === 0 ? places : []),
      ...set({ mark: marks.get(id) ?? id, ...amounts }),
      { order: "run", id, deadlineMs: deadlineMs * order.patience },
    ]),
  );
}

/** The caller's terminal is the one that an attack goes for, as it would be on a real one. */
function onTerminal({ order, canaries }: Stage, [first = "", ...words]: readonly string[]): string[] {
  const { tty } = canaries.keys;
  // The victim executes paths; what is found along PATH is left to env(1).
  const command = first.includes("/") ? [first, ...words] : ["/usr/bin/env", first, ...words];
  return tty === undefined ? command : [order.victimProgram, "--terminal", tty, ...command];
}

function runLeg(stage: Stage, leg: AttackKeys, prefix: readonly string[]): Promise<AttackerEnd> {
  const { order, canaries, program, variable, hits } = stage;
  const budgetMs = order.attacks.reduce(
    (sum, { deadlineMs = defaultDeadlineMs }) => sum + deadlineMs * order.patience,
    spareMs,
  );
  return runAttacker({
    command: onTerminal(stage, [...prefix, program]),
    directory: canaries.workspace,
    environment: { ...order.environment, CUPEL_CANARY: variable },
    openFile: canaries.openFile,
    orders: ordersFor(stage, leg),
    // What changes while an attack is made is its doing.
    onDone: async (index) => {
      const id = order.attacks[index]?.id ?? "";
      hits.set(id, [...(hits.get(id) ?? []), ...(await canaries.look())]);
    },
    deadlineMs: budgetMs,
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What attacks tell without a sandbox that those inside are to know. */
async function tellBefore(stage: Stage): Promise<AttackKeys> {
  const { order } = stage;
  const attacks = order.attacks.filter(({ toldBefore }) => toldBefore !== undefined);
  if (!order.isInside || attacks.length === 0) return {};
  const outside = { ...order, attacks, isInside: false };
  const { records } = await runLeg({ ...stage, order: outside, hits: new Map() }, {}, []);
  const told = attacks.flatMap(({ id, toldBefore }) => {
    const value = records.get(id)?.sightings.find(({ channel }) => channel === toldBefore?.channel)?.value;
    return toldBefore === undefined || value === undefined ? [] : [[toldBefore.key, value]];
  });
  return Object.fromEntries(told) as AttackKeys;
}

/** All runs of the sitting: one, unless its attack has legs. */
export async function runLegs(stage: Stage): Promise<AttackerEnd[]> {
  const { order, program } = stage;
  const { keys: legs, isTogether } = order.attacks[0]?.legs ?? { keys: [{}], isTogether: false };
  const prefix = order.prefix(program);
  const before = await tellBefore(stage);
  const ends: Promise<AttackerEnd>[] = [];
  for (const leg of legs) {
    ends.push(runLeg(stage, { ...before, ...leg }, prefix));
    await (isTogether ? pause(headStartMs) : ends.at(-1));
  }
  return Promise.all(ends);
}

/** Said before anything is left: whoever cleans up after a verification that was killed goes by it. */
export function noteResidue({ order, program, marks }: Stage): void {
  const [first] = order.attacks;
  if (first?.legs?.cleanUp !== undefined) writeResidueNote(program, first.id, marks.get(first.id) ?? first.id);
}

/** Takes away what the legs left, where they leave something. */
export async function cleanUp(stage: Stage): Promise<void> {
  const leg = stage.order.attacks[0]?.legs?.cleanUp;
  if (leg !== undefined) await runLeg(stage, leg, []);
}
