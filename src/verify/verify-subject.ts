/** Attacks subjects, sitting by sitting, each attack with its control, and judges what held. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackResult, AttackedSubject, SubjectResult } from "../model/verification.ts";
import { attackSide, type SideResult, type SideSurroundings } from "./attack-side.ts";
import type { AttackSpec, SandboxWishes } from "./attack-spec.ts";
import type { HostAttack, HostFinding } from "./host-attacks.ts";
import { makeHostAttack, makeHostControl } from "./host-side.ts";
import { inParallel } from "./in-parallel.ts";
import { judgeAttack } from "./judge-attack.ts";
import { judgeGuarantees, type Declarations } from "./judge-guarantees.ts";
import { planSittings, type Sitting } from "./sittings.ts";

/** What is attacked, and how it is given a program to run. */
export interface Subject {
  readonly attacked: AttackedSubject;
  readonly declared: Declarations;
  /** Guarantees that it can be told of. */
  readonly tells: (id: GuaranteeId) => boolean;
  /** The words in front of the program; undefined where it cannot be asked for that. */
  prefix(program: string, wishes: SandboxWishes): readonly string[] | undefined;
}

/** What is to be done. */
export interface VerificationOrder extends SideSurroundings {
  readonly attacks: readonly AttackSpec[];
  readonly hostAttacks: readonly HostAttack[];
  /** Guarantees that are told of. */
  readonly wanted: readonly GuaranteeId[];
  readonly isRoot: boolean;
  readonly onProgress: (text: string) => void;
}

interface Controls {
  readonly sides: ReadonlyMap<string, SideResult>;
  readonly findings: ReadonlyMap<string, HostFinding>;
}

/** Two processors are enough, and what waits needs none. */
const tasksMax = 3;

/** Attacks that share a sandbox without wishes reach the most, and are made before the others: a signal to everyone. */
function partition(sittings: readonly Sitting[]): [alone: Sitting[], together: Sitting[]] {
  const isTogether = ({ attacks, wishes }: Sitting): boolean =>
    attacks.length > 1 || (attacks[0]?.legs === undefined && Object.keys(wishes).length === 0);
  return [sittings.filter((sitting) => !isTogether(sitting)), sittings.filter(isTogether)];
}

/**
 * The same attacks without a sandbox: once, whatever the number of subjects. Those that share a sitting are made first and
 * alone: without a sandbox a signal to everyone reaches the victims of all others.
 */
async function makeControls(order: VerificationOrder): Promise<Controls> {
  const controlled = order.attacks.filter(({ control }) => control.by !== "none");
  const sides = new Map<string, SideResult>();
  const make = async ({ attacks, wishes }: Sitting): Promise<void> => {
    const side = await attackSide({ ...order, attacks, wishes, isInside: false, prefix: () => [] });
    for (const { id } of attacks) sides.set(id, side);
  };
  const [alone, together] = partition(planSittings(controlled));
  order.onProgress(`${controlled.length} attacks without a sandbox`);
  for (const sitting of together) await make(sitting);
  const findings = new Map<string, HostFinding>();
  const tasks = [
    ...alone.map((sitting) => () => make(sitting)),
    ...order.hostAttacks.map((attack) => async (): Promise<void> => {
      const finding = await makeHostControl(attack, order);
      if (finding !== undefined) findings.set(attack.id, finding);
    }),
  ];
  await inParallel(tasks, tasksMax);
  return { sides, findings };
}

async function attackInSitting(
  subject: Subject,
  { attacks, wishes }: Sitting,
  order: VerificationOrder,
  { sides }: Controls,
): Promise<AttackResult[]> {
  if (subject.prefix("", wishes) === undefined) return [];
  const prefix = (program: string): readonly string[] => subject.prefix(program, wishes) ?? [];
  const inside = await attackSide({ ...order, attacks, wishes, isInside: true, prefix });
  return attacks.map((spec) => {
    if (inside.failure !== undefined) return { attack: spec.id, verdict: "unknown", because: inside.failure };
    const control = sides.get(spec.id)?.sideOf(spec.id);
    return judgeAttack({ spec, inside: inside.sideOf(spec.id), control, isRoot: order.isRoot });
  });
}

async function makeAttacks(subject: Subject, order: VerificationOrder, controls: Controls): Promise<AttackResult[]> {
  const prefix: Subject["prefix"] = (program, wishes) => subject.prefix(program, wishes);
  const [alone, together] = partition(planSittings(order.attacks));
  const first: AttackResult[][] = [];
  for (const sitting of together) first.push(await attackInSitting(subject, sitting, order, controls));
  const tasks = [
    ...alone.map((sitting) => () => attackInSitting(subject, sitting, order, controls)),
    ...order.hostAttacks.map((attack) => async (): Promise<AttackResult[]> => [
      await makeHostAttack(attack, order, prefix, controls.findings.get(attack.id)),
    ]),
  ];
  const results = [...first, ...(await inParallel(tasks, tasksMax))];
  return results.flat().toSorted((one, other) => (one.attack < other.attack ? -1 : 1));
}

async function verifySubject(subject: Subject, order: VerificationOrder, controls: Controls): Promise<SubjectResult> {
  const started = performance.now();
  order.onProgress(`attacking ${subject.attacked.name}`);
  const results = await makeAttacks(subject, order, controls);
  const scopes = new Map([...order.attacks, ...order.hostAttacks].map(({ id, guarantees }) => [id, guarantees]));
  const judged = results.map((result) => ({ result, guarantees: scopes.get(result.attack) ?? [] }));
  return {
    ...subject.attacked,
    guarantees: judgeGuarantees(judged, subject.declared, order.wanted.filter(subject.tells)),
    attacks: results,
    durationMs: performance.now() - started,
  };
}

/** One after the other, the controls first. @throws CupelError `set-up`. */
export async function verifySubjects(
  subjects: readonly Subject[],
  order: VerificationOrder,
): Promise<SubjectResult[]> {
  const controls = await makeControls(order);
  const results: SubjectResult[] = [];
  for (const subject of subjects) results.push(await verifySubject(subject, order, controls));
  return results;
}
