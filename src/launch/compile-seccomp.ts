/** Turns a seccomp profile into the kernel's BPF: a binary search over the call's number (seccomp(2), linux/filter.h). */
import type { SeccompArchitecture, SeccompEntry, SeccompRule } from "./seccomp-profile.ts";

// Operation codes: BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JA|JEQ|JGE|JSET with BPF_K, BPF_RET|BPF_K (linux/bpf_common.h).
const loadWord = 0x20;
const jumpAlways = 0x05;
const jumpEqual = 0x15;
const jumpAtLeast = 0x35;
const jumpBitsSet = 0x45;
const give = 0x06;

// SECCOMP_RET_* (linux/seccomp.h).
const allow = 0x7fff_0000;
const killProcess = 0x8000_0000;
const failWithErrno = 0x0005_0000;

// Offsets in struct seccomp_data.
const offsetNumber = 0;
const offsetArchitecture = 4;
const offsetArguments = 16;

/** AUDIT_ARCH_* (linux/audit.h). */
const auditArchitectures: Readonly<Record<SeccompArchitecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** __X32_SYSCALL_BIT (asm/unistd.h): the x32 numbers of x86-64, another way to every call. */
const x32Bit = 0x4000_0000;

const jumpMax = 255;

const instructionBytes = 8;

/** Writes instructions one after another: struct sock_filter, little-endian. */
class Program {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length * instructionBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  add(code: number, operand: number, jumpTrue = 0, jumpFalse = 0): void {
    this.#view.setUint16(this.#at, code, true);
    this.#view.setUint8(this.#at + 2, jumpTrue);
    this.#view.setUint8(this.#at + 3, jumpFalse);
    this.#view.setUint32(this.#at + 4, operand >>> 0, true);
    this.#at += instructionBytes;
  }

  /** Low 32 bits of an argument; both architectures are little-endian. */
  loadArgument(argument: number): void {
    this.add(loadWord, offsetArguments + 8 * argument);
  }

  /** Compares the loaded word with each value; `ifNone` comes before `ifAny`. */
  matchValues(values: readonly number[], ifAny: number, ifNone: number): void {
    values.forEach((value, index) => this.add(jumpEqual, value, values.length - index, 0));
    this.add(give, ifNone);
    this.add(give, ifAny);
  }
}

function ruleLength(rule: SeccompRule): number {
  switch (rule.rule) {
    case "deny":
      return 1;
    case "deny-bits":
      return 4;
    case "deny-bits-where":
      return 6;
    case "deny-values":
    case "only-values":
      return 3 + rule.values.length;
  }
}

function addRule(program: Program, rule: SeccompRule): void {
  const failure = failWithErrno | rule.errno;
  switch (rule.rule) {
    case "deny":
      return program.add(give, failure);
    case "deny-bits":
      program.loadArgument(rule.argument);
      program.add(jumpBitsSet, rule.bits, 0, 1);
      program.add(give, failure);
      return program.add(give, allow);
    case "deny-bits-where":
      program.loadArgument(rule.whereArgument);
      program.add(jumpBitsSet, rule.whereBits, 0, 3);
      program.loadArgument(rule.argument);
      program.add(jumpBitsSet, rule.bits, 0, 1);
      program.add(give, failure);
      return program.add(give, allow);
    case "deny-values":
      program.loadArgument(rule.argument);
      return program.matchValues(rule.values, failure, allow);
    case "only-values":
      program.loadArgument(rule.argument);
      return program.matchValues(rule.values, allow, failure);
  }
}

interface NumberedRule {
  readonly number: number;
  readonly rule: SeccompRule;
}

/** Rules `from` to `to` (without it), sorted by number. */
interface Branch {
  readonly rules: readonly NumberedRule[];
  readonly from: number;
  readonly to: number;
}

function middleOf({ from, to }: Branch): number {
  return (from + to) >> 1;
}

/** Far jumps take an instruction of their own. */
function splitLength(distance: number): number {
  return distance <= jumpMax ? 1 : 2;
}

function treeLength(branch: Branch): number {
  const { rules, from, to } = branch;
  const first = rules[from];
  if (from === to || first === undefined) return 1;
  if (to - from === 1) return 2 + ruleLength(first.rule);
  const left = treeLength({ rules, from, to: middleOf(branch) });
  return splitLength(left) + left + treeLength({ rules, from: middleOf(branch), to });
}

/** Jumps over `distance` instructions if the number is at least `number`. */
function addSplit(program: Program, number: number, distance: number): void {
  if (distance <= jumpMax) return program.add(jumpAtLeast, number, distance, 0);
  program.add(jumpAtLeast, number, 0, 1);
  program.add(jumpAlways, distance);
}

/** A search tree over sorted rules: log2(n) comparisons, and allow for every number that is not in it. */
function addTree(program: Program, branch: Branch): void {
  const { rules, from, to } = branch;
  const first = rules[from];
  if (from === to || first === undefined) return program.add(give, allow);
  if (to - from === 1) {
    program.add(jumpEqual, first.number, 1, 0);
    program.add(give, allow);
    return addRule(program, first.rule);
  }
  const middle = middleOf(branch);
  const left = { rules, from, to: middle };
  addSplit(program, rules[middle]?.number ?? 0, treeLength(left));
  addTree(program, left);
  addTree(program, { rules, from: middle, to });
}

const guardLengths: Readonly<Record<SeccompArchitecture, number>> = { x64: 6, arm64: 4 };

function addArchitectureGuard(program: Program, architecture: SeccompArchitecture): void {
  program.add(loadWord, offsetArchitecture);
  program.add(jumpEqual, auditArchitectures[architecture], 1, 0);
  program.add(give, killProcess);
  program.add(loadWord, offsetNumber);
  if (architecture !== "x64") return;
  program.add(jumpBitsSet, x32Bit, 0, 1);
  program.add(give, killProcess);
}

function numberedRules(profile: readonly SeccompEntry[], architecture: SeccompArchitecture): NumberedRule[] {
  const rules: NumberedRule[] = [];
  for (const entry of profile) {
    const number = entry[architecture];
    if (number !== undefined) rules.push({ number, rule: entry.rule });
  }
  return rules.sort((one, other) => one.number - other.number);
}

/** The profile as an array of struct sock_filter. Calls of another architecture, and x32's, kill the process. Pure. */
export function compileSeccomp(profile: readonly SeccompEntry[], architecture: SeccompArchitecture): Uint8Array {
  const rules = numberedRules(profile, architecture);
  const tree = { rules, from: 0, to: rules.length };
  const program = new Program(guardLengths[architecture] + treeLength(tree));
  addArchitectureGuard(program, architecture);
  addTree(program, tree);
  return program.bytes;
}
