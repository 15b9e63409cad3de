/** Attacks subjects, round by round, each attack with its control, and judges what held. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackResult, AttackedSubject, SubjectResult } from "../model/verification.ts";
import { attackSide, type SideResult, type SideSurroundings } from "./attack-side.ts";
import { attackRounds, type AttackRound, type AttackSpec, type RoundCaps } from "./attack-spec.ts";
import { judgeAttack } from "./judge-attack.ts";
import { judgeGuarantees, type Declarations } from "./judge-guarantees.ts";

/** What is attacked, and how it is given a program to run. */
export interface Subject {
  readonly attacked: AttackedSubject;
  readonly declared: Declarations;
  /** The words in front of the program; undefined where it has no such caps to give. */
  prefix(program: string, caps: RoundCaps): readonly string[] | undefined;
  /** Attacks that are made on it by other means, such as those on its set-up. */
  further?(): Promise<readonly AttackResult[]>;
}

/** What is to be done. */
export interface VerificationOrder extends SideSurroundings {
  readonly attacks: readonly AttackSpec[];
  /** Guarantees that are told of. */
  readonly wanted: readonly GuaranteeId[];
  readonly isRoot: boolean;
  readonly onProgress: (text: string) => void;
}

/** Small enough to be reached in a moment, large enough for the attacker itself. */
const capsOfRound: Readonly<Record<AttackRound, RoundCaps>> = {
  plain: {},
  processes: { pids: 40 },
  memory: { memoryBytes: 64 * 1024 * 1024 },
  cpu: { cpus: 0.5 },
};

function attacksOf(round: AttackRound, attacks: readonly AttackSpec[]): AttackSpec[] {
  return attacks.filter((spec) => (spec.round ?? "plain") === round);
}

/** The same attacks without a sandbox: once, whatever the number of subjects. */
async function makeControls(order: VerificationOrder): Promise<ReadonlyMap<AttackRound, SideResult>> {
  const results = new Map<AttackRound, SideResult>();
  for (const round of attackRounds) {
    const attacks = attacksOf(round, order.attacks).filter(({ control }) => control.by !== "none");
    if (attacks.length === 0) continue;
    const side = await attackSide({ ...order, attacks, caps: capsOfRound[round], isInside: false, prefix: () => [] });
    results.set(round, side);
  }
  return results;
}

async function attackRound(
  subject: Subject,
  round: AttackRound,
  order: VerificationOrder,
  controls: Promise<ReadonlyMap<AttackRound, SideResult>>,
): Promise<AttackResult[]> {
  const attacks = attacksOf(round, order.attacks);
  const caps = capsOfRound[round];
  const isPossible = subject.prefix("", caps) !== undefined;
  if (attacks.length === 0 || !isPossible) return [];
  order.onProgress(`${subject.attacked.name}: ${attacks.length} attacks (${round})`);
  const inside = await attackSide({
    ...order,
    attacks,
    caps,
    isInside: true,
    prefix: (program) => subject.prefix(program, caps) ?? [],
  });
  const control = (await controls).get(round);
  return attacks.map((spec) => {
    if (inside.failure !== undefined) return { attack: spec.id, verdict: "unknown", because: inside.failure };
    const hasControl = spec.control.by !== "none";
    return judgeAttack({
      spec,
      inside: inside.sideOf(spec.id),
      control: hasControl ? control?.sideOf(spec.id) : undefined,
      isRoot: order.isRoot,
    });
  });
}

async function verifySubject(
  subject: Subject,
  order: VerificationOrder,
  controls: Promise<ReadonlyMap<AttackRound, SideResult>>,
): Promise<SubjectResult> {
  const started = performance.now();
  const results: AttackResult[] = [];
  for (const round of attackRounds) results.push(...(await attackRound(subject, round, order, controls)));
  results.push(...((await subject.further?.()) ?? []));
  const guaranteesOf = new Map(order.attacks.map(({ id, guarantees }) => [id, guarantees]));
  const judged = results.map((result) => ({ result, guarantees: guaranteesOf.get(result.attack) ?? [] }));
  return {
    ...subject.attacked,
    guarantees: judgeGuarantees(judged, subject.declared, order.wanted),
    attacks: results,
    durationMs: performance.now() - started,
  };
}

/** One after the other; the controls are made beside the first. @throws CupelError `set-up`. */
export async function verifySubjects(
  subjects: readonly Subject[],
  order: VerificationOrder,
): Promise<SubjectResult[]> {
  const controls = makeControls(order);
  // Its failure is told by whoever waits for it first.
  controls.catch(() => undefined);
  const results: SubjectResult[] = [];
  for (const subject of subjects) results.push(await verifySubject(subject, order, controls));
  await controls;
  return results;
}
