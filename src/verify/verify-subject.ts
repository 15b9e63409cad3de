/** Attacks subjects, sitting by sitting, each attack with its control, and judges what held. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackResult, AttackedSubject, SubjectResult, VerificationDepth } from "../model/verification.ts";
import { attackSide, type SideResult } from "./attack-side.ts";
import type { SideOrder, SideSurroundings } from "./side-order.ts";
import type { AttackSpec, SandboxWishes } from "./attack-spec.ts";
import type { HostAttack, HostFinding } from "./host-stage.ts";
import { attemptHostAttack, judgeHostAttack } from "./host-side.ts";
import { inParallel } from "./in-parallel.ts";
import { judgeAttack, type AttackCase } from "./judge-attack.ts";
import { judgeGuarantees, type Declarations } from "./judge-guarantees.ts";
import { planSittings, type Sitting } from "./sittings.ts";

/** What is attacked, and how it is given a program to run. */
export interface Subject {
  readonly attacked: AttackedSubject;
  readonly declared: Declarations;
  /** Guarantees that it can be told of. */
  readonly tells: (id: GuaranteeId) => boolean;
  /** Its programs have a terminal of their own, which there has to be one of the caller's for. */
  readonly hasTerminal?: true | undefined;
  /** The words in front of the program; undefined where it cannot be asked for that. */
  prefix(program: string, wishes: SandboxWishes): readonly string[] | undefined;
}

/** What is to be done. */
export interface VerificationOrder extends SideSurroundings {
  readonly attacks: readonly AttackSpec[];
  readonly hostAttacks: readonly HostAttack[];
  /** Guarantees that are told of. */
  readonly wanted: readonly GuaranteeId[];
  readonly depth: VerificationDepth;
  readonly isRoot: boolean;
  readonly onProgress: (text: string) => void;
}

type PatientOrder = VerificationOrder & Pick<SideOrder, "patience">;

/** What was seen on one side, by the attack's id. */
class Findings {
  readonly sides = new Map<string, SideResult>();
  readonly found = new Map<string, HostFinding>();
}

type Task = () => Promise<void>;

/** Most of the time is spent waiting; a quick look is over before anybody minds. */
const tasksMax = { full: 3, quick: 6 } as const;

/** Attacks that share a sandbox without wishes reach the most: a signal to everyone. */
function isShared({ attacks, wishes }: Sitting): boolean {
  return attacks.length > 1 || (attacks[0]?.legs === undefined && Object.keys(wishes).length === 0);
}

/** One task for each sitting and each attack by the host's side; `prefix` undefined: without a sandbox. */
function tasksFor(order: PatientOrder, findings: Findings, subject: Subject | undefined): [Task[], Task[]] {
  const isMade = ({ control }: Pick<AttackSpec, "control">): boolean => subject !== undefined || control.by !== "none";
  const prefix: Subject["prefix"] = (program, wishes) => {
    const words = subject === undefined ? [] : subject.prefix(program, wishes);
    return words !== undefined && subject?.hasTerminal === true
      ? [order.victimProgram, "--own-terminal", ...words]
      : words;
  };
  const sittings = planSittings(order.attacks.filter(isMade)).filter(({ wishes }) => prefix("", wishes) !== undefined);
  const sit = ({ attacks, wishes }: Sitting): Task => {
    return async () => {
      const isInside = subject !== undefined;
      const words = (program: string): readonly string[] => prefix(program, wishes) ?? [];
      const side = await attackSide({ ...order, attacks, wishes, isInside, prefix: words });
      for (const { id } of attacks) findings.sides.set(id, side);
    };
  };
  const host = order.hostAttacks.filter(isMade).map((attack): Task => {
    return async () => void findings.found.set(attack.id, await attemptHostAttack(attack, order, prefix));
  });
  const shared = sittings.filter(isShared).map(sit);
  // Those that take longest come first.
  return [shared, [...host, ...sittings.filter((sitting) => !isShared(sitting)).map(sit)]];
}

/** A subject that says nothing of its kernel has the host's; and so has one whose word an attack in this run belies. */
function sharesKernel(
  { declared = [] }: Subject,
  seen: readonly AttackResult[],
  { attacks }: VerificationOrder,
): boolean {
  const ofKernel = attacks.filter(({ guarantees }) => guarantees.includes("kernel.boundary")).map(({ id }) => id);
  const isBelied = seen.some(({ attack, verdict }) => verdict === "broke" && ofKernel.includes(attack));
  return isBelied || !declared.some(({ id, kept }) => id === "kernel.boundary" && kept);
}

type About = Pick<AttackCase, "isRoot" | "isKernelShared">;

function judgeOne(spec: AttackSpec, inside: Findings, control: Findings, about: About): AttackResult[] {
  const side = inside.sides.get(spec.id);
  if (side === undefined) return [];
  if (side.failure !== undefined) return [{ attack: spec.id, verdict: "unknown", because: side.failure }];
  const without = control.sides.get(spec.id)?.sideOf(spec.id);
  return [judgeAttack({ spec, inside: side.sideOf(spec.id), control: without, ...about })];
}

function judgeAll(order: VerificationOrder, subject: Subject, inside: Findings, control: Findings): AttackResult[] {
  const judgeEach = (isKernelShared: boolean): AttackResult[] =>
    order.attacks.flatMap((spec) => judgeOne(spec, inside, control, { isRoot: order.isRoot, isKernelShared }));
  const byHost = order.hostAttacks.flatMap((attack) => {
    const finding = inside.found.get(attack.id);
    return finding === undefined ? [] : [judgeHostAttack(attack, finding, control.found.get(attack.id))];
  });
  const results = [...judgeEach(sharesKernel(subject, judgeEach(true), order)), ...byHost];
  return results.toSorted((one, other) => (one.attack < other.attack ? -1 : 1));
}

interface Attacked {
  readonly subject: Subject;
  readonly attacks: readonly AttackResult[];
  readonly durationMs: number;
}

function resultOf({ subject, attacks, durationMs }: Attacked, order: VerificationOrder): SubjectResult {
  const scopes = new Map([...order.attacks, ...order.hostAttacks].map(({ id, guarantees }) => [id, guarantees]));
  const judged = attacks.map((result) => ({ result, guarantees: scopes.get(result.attack) ?? [] }));
  const guarantees = judgeGuarantees(judged, subject.declared, order.wanted.filter(subject.tells));
  return { ...subject.attacked, guarantees, attacks, durationMs };
}

/**
 * One subject after the other, the controls with the first of them; but those that share a sitting are made alone, since
 * what they do without a sandbox reaches the canaries of all others.
 */
async function attackAll(subjects: readonly Subject[], order: PatientOrder): Promise<Attacked[]> {
  const control = new Findings();
  const most = tasksMax[order.depth];
  const [sharedControls, otherControls] = tasksFor(order, control, undefined);
  order.onProgress("attacks without a sandbox");
  await inParallel(sharedControls, 1);
  let waiting = otherControls;
  const found: { subject: Subject; inside: Findings; durationMs: number }[] = [];
  for (const subject of subjects) {
    const started = performance.now();
    const inside = new Findings();
    order.onProgress(`attacking ${subject.attacked.name}`);
    const [shared, others] = tasksFor(order, inside, subject);
    await inParallel(shared, 1);
    await inParallel([...waiting, ...others], most);
    waiting = [];
    found.push({ subject, inside, durationMs: performance.now() - started });
  }
  return found.map(({ subject, inside, durationMs }) => {
    return { subject, attacks: judgeAll(order, subject, inside, control), durationMs };
  });
}

/** A machine with other work may have been too slow for some. */
const patience = 4;

/** Makes what could not be told once more, with its controls and with more time: what broke something has been told. */
async function attackAgain(before: Attacked, order: VerificationOrder): Promise<Attacked> {
  const isOpen = ({ id }: { readonly id: string }): boolean =>
    before.attacks.some(({ attack, verdict }) => attack === id && verdict === "unknown");
  const open = { ...order, attacks: order.attacks.filter(isOpen), hostAttacks: order.hostAttacks.filter(isOpen) };
  if (open.attacks.length + open.hostAttacks.length === 0) return before;
  const [again] = await attackAll([before.subject], { ...open, patience });
  if (again === undefined) return before;
  const told = new Map(again.attacks.map((result) => [result.attack, result]));
  return {
    ...before,
    attacks: before.attacks.map((result) => told.get(result.attack) ?? result),
    durationMs: before.durationMs + again.durationMs,
  };
}

/** Attacks each subject. @throws CupelError `set-up`. */
export async function verifySubjects(subjects: readonly Subject[], order: VerificationOrder): Promise<SubjectResult[]> {
  const results: SubjectResult[] = [];
  for (const attacked of await attackAll(subjects, { ...order, patience: 1 }))
    results.push(resultOf(await attackAgain(attacked, order), order));
  return results;
}
