/** What an attack came to: a token seen or a change observed breaks, and an errno alone proves nothing. Pure. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackResult } from "../model/verification.ts";
import type { AttackRecord } from "./attack-record.ts";
import type { AttackSpec, StateContext } from "./attack-spec.ts";
import type { Hit } from "./canaries/hit.ts";

/** One attack's side of one run: what it told, and what was observed from outside. */
export interface AttackSide {
  /** Absent where it was not even begun. */
  readonly record: AttackRecord | undefined;
  /** What was observed that is this attack's doing. */
  readonly hits: readonly Hit[];
  readonly tokens: readonly string[];
  readonly context: StateContext;
}

/** What is judged. */
export interface AttackCase {
  readonly spec: AttackSpec;
  readonly inside: AttackSide;
  /** The same without a sandbox; absent where it has none. */
  readonly control: AttackSide | undefined;
  readonly isRoot: boolean;
  /** The kernel inside is the host's. */
  readonly isKernelShared: boolean;
}

type Judgement = Omit<AttackResult, "attack">;

const shownCharacters = 120;

function shorten(text: string): string {
  const line = text.replace(/[^ -~]+/g, " ").trim();
  return line.length > shownCharacters ? `${line.slice(0, shownCharacters)}…` : line;
}

/** One thing that shows that an attack succeeded: what kind of thing, and where; and what people are told of it. */
interface Sign {
  readonly label: string;
  readonly words: string;
}

function signsOfRecord({ sightings }: AttackRecord, tokens: readonly string[]): Sign[] {
  return sightings.flatMap(({ channel, value }): Sign[] => {
    if (tokens.some((token) => value.includes(token)))
      return [{ label: `token:${channel}`, words: `a canary's token was read (${channel})` }];
    return channel === "gained" ? [{ label: `gained:${value}`, words: `it gained ${shorten(value)}` }] : [];
  });
}

function signsOf(spec: AttackSpec, { record, hits, tokens, context }: AttackSide): Sign[] {
  const changes = hits.map(({ canary, text }): Sign => {
    return { label: `change:${canary}`, words: `seen outside: ${canary}: ${shorten(text)}` };
  });
  if (record === undefined) return changes;
  const breach = spec.findBreach?.(record, context);
  const states = breach === undefined ? [] : [{ label: "state", words: breach }];
  return [...signsOfRecord(record, tokens), ...changes, ...states];
}

/** Others on the host may signal the victim at any time: of an attack that does not know the victim it says nothing. */
function isTelling(label: string, id: GuaranteeId, { keys }: AttackSpec): boolean {
  return label !== "change:signal" || (id === "proc.signal" && keys.includes("victim-pid"));
}

/** Guarantees that these signs break. */
function brokenBy(spec: AttackSpec, signs: readonly Sign[]): GuaranteeId[] {
  const { guarantees, signs: patterns = {} } = spec;
  return guarantees.filter((id) =>
    signs.some(({ label }) => isTelling(label, id, spec) && (patterns[id]?.test(label) ?? true)),
  );
}

/** What the signs come to; undefined where there are none that break anything. */
function findBroken(spec: AttackSpec, side: AttackSide): Judgement | undefined {
  const signs = signsOf(spec, side);
  const broke = brokenBy(spec, signs);
  const telling = signs.find((sign) => brokenBy(spec, [sign]).length > 0);
  if (telling === undefined) return undefined;
  const isAll = broke.length === spec.guarantees.length;
  return { verdict: "broke", because: telling.words, ...(isAll ? {} : { broke }) };
}

/** What shows that it succeeded; undefined where nothing does. */
export function findSign(spec: AttackSpec, side: AttackSide): string | undefined {
  return findBroken(spec, side)?.because;
}

function lastDenial({ steps }: AttackRecord): string {
  const denied = steps.findLast(({ result }) => result !== "ok");
  return denied === undefined ? "nothing was seen of it" : `${denied.step} gave ${denied.result}`;
}

/** Why nothing can be said of an attack that was not made to its end. */
function findHindrance(record: AttackRecord | undefined): Judgement {
  if (record === undefined) return { verdict: "unknown", because: "it was not begun" };
  switch (record.ending) {
    case "impossible":
      return { verdict: "not-applicable", because: record.words === "" ? "it is impossible here" : record.words };
    case "timeout":
      return { verdict: "unknown", because: "it did not end in time" };
    case "crashed":
      return { verdict: "unknown", because: `it crashed: ${record.words}` };
    case "attempted":
    case undefined:
      return { verdict: "unknown", because: "it was ended before it was over" };
  }
}

/** Whether its end was told: what ends a whole sandbox leaves nobody to tell it. */
function isOver({ ending }: AttackRecord): boolean {
  return ending !== undefined && ending !== "crashed";
}

/** Whether what became of it says something, now that it left no sign. */
function isToldBy({ isEndHeld, isLackHeld }: AttackSpec, record: AttackRecord): boolean {
  if (record.ending === "attempted") return true;
  if (record.ending === "impossible") return isLackHeld === true;
  return isEndHeld === true && !isOver(record);
}

function held(record: AttackRecord): Judgement {
  return { verdict: "held", because: isOver(record) ? lastDenial(record) : "it was ended" };
}

/** What the control says where the attack left no sign. */
function judgeByControl({ spec, control, isRoot }: AttackCase, record: AttackRecord): Judgement {
  const { by } = spec.control;
  const doubt = spec.findDoubt?.(record);
  if (doubt !== undefined) return { verdict: "unknown", because: doubt };
  if (by === "none") return held(record);
  if (control === undefined) return { verdict: "unknown", because: "its control was not made" };
  if (findSign(spec, control) !== undefined) return held(record);
  if (control.record?.ending === "impossible") return { verdict: "not-applicable", because: control.record.words };
  const without = control.record === undefined ? "it was not begun" : lastDenial(control.record);
  if (by === "some" || (by === "root" && !isRoot))
    return {
      verdict: "not-applicable",
      because: `there is nothing to be kept from here: without a sandbox, ${without}`,
    };
  return { verdict: "unknown", because: `its control failed: without a sandbox, ${without}` };
}

const amongOwn = "it puts processes of the job before others on a kernel that is the job's alone";

function judge(attackCase: AttackCase): Judgement {
  const { spec, inside, control, isKernelShared } = attackCase;
  if (spec.isRank === true && !isKernelShared) return { verdict: "not-applicable", because: amongOwn };
  const broken = findBroken(spec, inside);
  if (broken !== undefined) return broken;
  const { record } = inside;
  if (record !== undefined && isToldBy(spec, record)) return judgeByControl(attackCase, record);
  const hindrance = findHindrance(record);
  // What could be done outside and not even be tried inside was kept away by something that was not attacked.
  const isOnlyInside = hindrance.verdict === "not-applicable" && control?.record?.ending === "attempted";
  return isOnlyInside ? { verdict: "unknown", because: `inside, ${hindrance.because}` } : hindrance;
}

/** Judges one attack. */
export function judgeAttack(attackCase: AttackCase): AttackResult {
  return { attack: attackCase.spec.id, ...judge(attackCase) };
}
