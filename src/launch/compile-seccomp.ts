/** Turns a seccomp profile into the kernel's BPF: a binary search over the call's number (seccomp(2), linux/filter.h). */
import {
  argumentBits,
  type ArgumentTest,
  type SeccompAnswer,
  type SeccompProfile,
  type SeccompRule,
} from "./seccomp-rule.ts";
import { systemCallNumber, type SeccompArchitecture } from "./system-call-numbers.ts";

// Operation codes: BPF_LD|BPF_W|BPF_ABS, BPF_ALU|BPF_AND, BPF_JMP|BPF_JA|JEQ|JGE|JSET, BPF_RET, each of them with BPF_K
// (linux/bpf_common.h).
const loadWord = 0x20;
const maskWord = 0x54;
const jumpAlways = 0x05;
const jumpEqual = 0x15;
const jumpAtLeast = 0x35;
const jumpBitsSet = 0x45;
const give = 0x06;

// SECCOMP_RET_* (linux/seccomp.h).
const allow = 0x7fff_0000;
const killProcess = 0x8000_0000;
const failWithErrno = 0x0005_0000;
const askListener = 0x7fc0_0000;

// Offsets in struct seccomp_data.
const offsetNumber = 0;
const offsetArchitecture = 4;
const offsetArguments = 16;

/** AUDIT_ARCH_* (linux/audit.h). */
const auditArchitectures: Readonly<Record<SeccompArchitecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** __X32_SYSCALL_BIT (asm/unistd.h): the x32 numbers of x86-64, another way to every call. */
const x32Bit = 0x4000_0000;

/** -1 is no call: tracers put it in the place of one that is not to be carried out (ptrace(2), PTRACE_SYSCALL). */
const noCall = 0xffff_ffff;

const jumpMax = 255;

/** BPF_MAXINSNS (linux/bpf_common.h). */
const instructionsMax = 4096;

/** struct sock_filter: operation and jumps in the first word, the operand in the second. */
const instructionWords = 2;

/** As the kernel takes it. */
function answerOf(answer: SeccompAnswer): number {
  if (answer === "allow") return allow;
  return answer === "ask" ? askListener : failWithErrno | answer.errno;
}

/**
 * Writes instructions from the last one to the first: jumps lead forward only, so where they lead is written already, and
 * how far it is is known. Words are in this machine's order; both architectures are little-endian.
 */
class Program {
  readonly #words = new Uint32Array(instructionsMax * instructionWords);
  #count = 0;

  /** A place to jump to: the instruction that was written last. */
  get here(): number {
    return this.#count;
  }

  /** How many instructions a jump that is written next has to skip. */
  distanceTo(place: number): number {
    return this.#count - place;
  }

  add(code: number, operand: number, jumpTrue = 0, jumpFalse = 0): void {
    if (Math.max(jumpTrue, jumpFalse) > jumpMax) throw new Error("a seccomp rule is too long to be jumped over");
    if (this.#count === instructionsMax) throw new Error("a seccomp profile is longer than the kernel takes");
    this.#count += 1;
    const at = (instructionsMax - this.#count) * instructionWords;
    this.#words[at] = code | (jumpTrue << 16) | (jumpFalse << 24);
    this.#words[at + 1] = operand;
  }

  answer(answer: SeccompAnswer): void {
    this.add(give, answerOf(answer));
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#words.slice((instructionsMax - this.#count) * instructionWords).buffer);
  }
}

/** Offset of an argument's low half; both architectures are little-endian. */
function lowHalf(argument: number): number {
  return offsetArguments + 8 * argument;
}

/** Goes on with what follows if the test holds, and to `otherwise` if not. */
function addTest(program: Program, { argument, type, mask, values }: ArgumentTest, otherwise: number): void {
  const holds = program.here;
  for (const [index, value] of values.toReversed().entries()) {
    const isLast = index === 0;
    program.add(jumpEqual, value, program.distanceTo(holds), isLast ? program.distanceTo(otherwise) : 0);
  }
  if (mask !== undefined) program.add(maskWord, mask);
  program.add(loadWord, lowHalf(argument));
  if (argumentBits[type] === 32) return;
  program.add(jumpEqual, 0, 0, program.distanceTo(otherwise));
  program.add(loadWord, lowHalf(argument) + 4);
}

function addRule(program: Program, { clauses, otherwise }: SeccompRule): void {
  program.answer(otherwise);
  for (const { when, answer } of clauses.toReversed()) {
    const next = program.here;
    program.answer(answer);
    for (const test of when.toReversed()) addTest(program, test, next);
  }
}

/** One rule for all numbers from this one on, up to the next segment's. */
interface Segment {
  readonly from: number;
  readonly rule: SeccompRule;
}

function answersAlike(one: SeccompRule, other: SeccompRule): boolean {
  if (one.clauses.length + other.clauses.length > 0) return false;
  return answerOf(one.otherwise) === answerOf(other.otherwise);
}

function numberedRules({ entries }: SeccompProfile, architecture: SeccompArchitecture): Segment[] {
  const rules: Segment[] = [];
  for (const { name, rule } of entries) {
    const from = systemCallNumber(name, architecture);
    if (from !== undefined) rules.push({ from, rule });
  }
  return rules.sort((one, other) => one.from - other.from);
}

/** All numbers from 0 on, without gaps: what the profile does not name lies in between. */
function segmentsOf(profile: SeccompProfile, architecture: SeccompArchitecture): Segment[] {
  const unnamed: SeccompRule = { clauses: [], otherwise: profile.otherwise };
  const segments: Segment[] = [];
  let next = 0;
  const add = (from: number, rule: SeccompRule): void => {
    const last = segments.at(-1);
    if (last === undefined || !answersAlike(last.rule, rule)) segments.push({ from, rule });
  };
  for (const { from, rule } of numberedRules(profile, architecture)) {
    if (from > next) add(next, unnamed);
    add(from, rule);
    next = from + 1;
  }
  add(next, unnamed);
  return segments;
}

/** A search tree over segments `from` to `to` (without it; at least one): log2(n) comparisons to each call's rule. */
function addTree(program: Program, segments: readonly Segment[], from: number, to: number): void {
  const middle = (from + to) >> 1;
  const segment = segments[middle];
  if (segment === undefined) throw new Error(`there is no segment ${middle} of ${segments.length}`);
  if (to - from === 1) return addRule(program, segment.rule);
  addTree(program, segments, middle, to);
  const right = program.here;
  addTree(program, segments, from, middle);
  const distance = program.distanceTo(right);
  if (distance <= jumpMax) return program.add(jumpAtLeast, segment.from, distance, 0);
  // Far jumps take an instruction of their own.
  program.add(jumpAlways, distance);
  program.add(jumpAtLeast, segment.from, 0, 1);
}

/** What comes first, and hence is written last, last instruction first. */
function addGuard(program: Program, architecture: SeccompArchitecture): void {
  if (architecture === "x64") {
    program.add(give, killProcess);
    program.add(jumpBitsSet, x32Bit, 0, 1);
    program.add(jumpEqual, noCall, 2, 0);
  }
  program.add(loadWord, offsetNumber);
  program.add(give, killProcess);
  program.add(jumpEqual, auditArchitectures[architecture], 1, 0);
  program.add(loadWord, offsetArchitecture);
}

/** The profile as an array of struct sock_filter. Calls of another architecture, and x32's, kill the process. Pure. */
export function compileSeccomp(profile: SeccompProfile, architecture: SeccompArchitecture): Uint8Array {
  const segments = segmentsOf(profile, architecture);
  const program = new Program();
  addTree(program, segments, 0, segments.length);
  addGuard(program, architecture);
  return program.finish();
}
