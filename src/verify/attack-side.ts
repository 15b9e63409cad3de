/** One sitting of attacks on one side, in a sandbox or without: canaries planted, attacks made, what came of them seen. */
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { originalHelper } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import { mergeRecords, type AttackRecord } from "./attack-record.ts";
import type { AttackSpec, SandboxWishes, StateContext } from "./attack-spec.ts";
import { freshToken, tokenStart, type AttackKeys } from "./canaries/canary.ts";
import type { WorkspaceUse } from "./canaries/files.ts";
import type { Hit } from "./canaries/hit.ts";
import { collectLeft } from "./canaries/left.ts";
import { plantCanaries, type Canaries } from "./canaries/plant-canaries.ts";
import type { AttackSide } from "./judge-attack.ts";
import { endLeftovers } from "./leftovers.ts";
import { runAttacker, type AttackerEnd } from "./run-attacker.ts";

/** What every side needs. */
export interface SideSurroundings {
  /** The victim, as it is executed. */
  readonly victimProgram: string;
  readonly home: string | undefined;
  readonly workspaceUse: WorkspaceUse;
  /** The caller's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Facts that a job must not share with the host. */
  readonly hostFacts: Readonly<Record<string, string>>;
}

/** One sitting of one side. */
export interface SideOrder extends SideSurroundings {
  /** Whether there is a sandbox around it. */
  readonly isInside: boolean;
  /** What stands in front of the attacker at this path; none: without a sandbox. */
  readonly prefix: (program: string) => readonly string[];
  readonly attacks: readonly AttackSpec[];
  readonly wishes: SandboxWishes;
  /** How many times as long as usual attacks may take. */
  readonly patience: number;
}

/** What one sitting gave. */
export interface SideResult {
  sideOf(id: string): AttackSide;
  /** Why no attack was made; absent where they were. */
  readonly failure?: string | undefined;
}

/** An attack's time, unless it needs more. */
export const defaultDeadlineMs = 3000;
/** Beyond the attacks' own: a sandbox's start on a machine with other work. */
const spareMs = 10_000;
/** The one that listens is there before the one that connects. */
const headStartMs = 200;

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

function set(keys: AttackKeys): AttackOrder[] {
  return Object.entries(keys).map(([key, value]) => ({ order: "set", key, value }));
}

interface Stage {
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
  const inside = order.isInside ? { inside: "yes" } : {};
  const places = set({ ...keys, ...loopback, ...leg, "token-prefix": tokenStart, ...inside });
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

/** All runs of the sitting: one, unless its attack has legs. */
async function runLegs(stage: Stage): Promise<AttackerEnd[]> {
  const { order, program } = stage;
  const { keys: legs, isTogether } = order.attacks[0]?.legs ?? { keys: [{}], isTogether: false };
  const prefix = order.prefix(program);
  const ends: Promise<AttackerEnd>[] = [];
  for (const leg of legs) {
    ends.push(runLeg(stage, leg, prefix));
    await (isTogether ? pause(headStartMs) : ends.at(-1));
  }
  return Promise.all(ends);
}

async function cleanUp(stage: Stage): Promise<void> {
  const leg = stage.order.attacks[0]?.legs?.cleanUp;
  if (leg !== undefined) await runLeg(stage, leg, []);
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
  const tokens = [...canaries.tokens, variable, ...offered];
  const context: StateContext = { host: order.hostFacts, wishes: order.wishes };
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
