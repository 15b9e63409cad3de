/** One round of attacks on one side, in a sandbox or without: canaries planted, attacks made, what came of them seen. */
import { chmodSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { originalHelper } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import type { AttackSpec, RoundCaps, StateContext } from "./attack-spec.ts";
import { freshToken, tokenStart, type AttackKeys } from "./canaries/canary.ts";
import type { Hit } from "./canaries/hit.ts";
import { plantCanaries, type Canaries } from "./canaries/plant-canaries.ts";
import type { WorkspaceUse } from "./canaries/files.ts";
import { collectLeft } from "./canaries/left.ts";
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

/** One round of one side. */
export interface SideOrder extends SideSurroundings {
  /** Whether there is a sandbox around it. */
  readonly isInside: boolean;
  /** What stands in front of the attacker at this path; none: without a sandbox. */
  readonly prefix: (program: string) => readonly string[];
  readonly attacks: readonly AttackSpec[];
  readonly caps: RoundCaps;
}

/** What one round gave. */
export interface SideResult {
  sideOf(id: string): AttackSide;
  /** Why no attack was made; absent where they were. */
  readonly failure?: string | undefined;
}

const defaultDeadlineMs = 2000;
/** Beyond the attacks' own: a sandbox's start on a machine with other work. */
const spareMs = 10_000;

/** The attacker where it may be executed: a directory for temporary files may be mounted noexec. */
function placeAttacker(places: readonly string[]): string {
  const { bytes } = originalHelper("attacker");
  for (const place of places) {
    const path = `${place}/attacker`;
    writeFileSync(path, bytes, { flag: "wx" });
    chmodSync(path, 0o755);
    if (spawnSync(path, ["--list"], { timeout: spareMs }).status === 0) return path;
  }
  throw new CupelError("set-up", `the attacker cannot be executed in ${places.join(", ")}`, {
    hint: "Set TMPDIR to a directory of yours on a file system that is not mounted noexec.",
  });
}

/** Names what an attack makes by its id, so that what is left tells whose it is. */
function freshMark(id: string): string {
  return `${id}-${freshToken().slice(-8)}`;
}

function set(keys: AttackKeys): AttackOrder[] {
  return Object.entries(keys).map(([key, value]) => ({ order: "set", key, value }));
}

function ordersFor({ attacks, caps, isInside }: SideOrder, { keys }: Canaries): AttackOrder[] {
  return [
    ...set({ ...keys, "token-prefix": tokenStart, ...(isInside ? { inside: "yes" } : {}) }),
    ...attacks.flatMap(({ id, deadlineMs = defaultDeadlineMs, amounts: own }): AttackOrder[] => [
      ...set({ mark: freshMark(id), ...own?.(caps) }),
      { order: "run", id, deadlineMs },
    ]),
  ];
}

function failureOf({ hasStarted, problem, end, errors }: AttackerEnd): string | undefined {
  if (problem !== undefined) return `the attacker did not understand ${problem}`;
  if (hasStarted) return undefined;
  const [line = ""] = errors.split("\n");
  return `the sandbox did not start the attacker (${end}${line === "" ? "" : `: ${line}`})`;
}

async function attack(order: SideOrder, canaries: Canaries, program: string): Promise<SideResult> {
  const variable = freshToken();
  const orders = ordersFor(order, canaries);
  const budgetMs = order.attacks.reduce((sum, { deadlineMs = defaultDeadlineMs }) => sum + deadlineMs, spareMs);
  await canaries.look();
  const ended = await runAttacker({
    prefix: order.prefix(program),
    program,
    directory: canaries.workspace,
    environment: { ...order.environment, CUPEL_CANARY: variable },
    openFile: canaries.openFile,
    orders: renderAttackOrders(orders),
    deadlineMs: budgetMs,
  });
  const left = [...ended.records.values()].flatMap(({ sightings }) => sightings);
  const hits: Hit[] = [...endLeftovers(program), ...collectLeft(left), ...(await canaries.look())];
  const tokens = [...canaries.tokens, variable];
  const context: StateContext = { host: order.hostFacts, caps: order.caps, keys: canaries.keys };
  return {
    sideOf: (id) => ({ record: ended.records.get(id), hits, tokens, context }),
    failure: failureOf(ended),
  };
}

/** Makes the attacks, and takes away again all that was planted. @throws CupelError `set-up`. */
export async function attackSide(order: SideOrder): Promise<SideResult> {
  const canaries = await plantCanaries(order);
  try {
    return await attack(order, canaries, placeAttacker(canaries.places));
  } finally {
    await canaries.remove();
  }
}
