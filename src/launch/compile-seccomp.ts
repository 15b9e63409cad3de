/** Turns a seccomp profile into the kernel's BPF: a binary search over the call's number (seccomp(2), linux/filter.h). */
import type { SeccompArchitecture, SeccompEntry, SeccompRule } from "./seccomp-profile.ts";

/** One BPF instruction: struct sock_filter. */
interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

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

function instruction(code: number, operand: number, jumpTrue = 0, jumpFalse = 0): Instruction {
  return { code, operand, jumpTrue, jumpFalse };
}

/** Low 32 bits of an argument; both architectures are little-endian. */
function loadArgument(argument: number): Instruction {
  return instruction(loadWord, offsetArguments + 8 * argument);
}

/** Compares the loaded word with each value; ends with `ifNone`, and `ifAny` after it. */
function matchValues(values: readonly number[], ifAny: number, ifNone: number): Instruction[] {
  const comparisons = values.map((value, index) => instruction(jumpEqual, value, values.length - index, 0));
  return [...comparisons, instruction(give, ifNone), instruction(give, ifAny)];
}

function compileRule(rule: SeccompRule): Instruction[] {
  const failure = failWithErrno | rule.errno;
  switch (rule.rule) {
    case "deny":
      return [instruction(give, failure)];
    case "deny-bits":
      return [
        loadArgument(rule.argument),
        instruction(jumpBitsSet, rule.bits, 0, 1),
        instruction(give, failure),
        instruction(give, allow),
      ];
    case "deny-values":
      return [loadArgument(rule.argument), ...matchValues(rule.values, failure, allow)];
    case "only-values":
      return [loadArgument(rule.argument), ...matchValues(rule.values, allow, failure)];
  }
}

interface NumberedRule {
  readonly number: number;
  readonly rule: SeccompRule;
}

/** Jumps over `distance` instructions if the number is at least `number`; far jumps take an instruction of their own. */
function splitAt(number: number, distance: number): Instruction[] {
  if (distance <= jumpMax) return [instruction(jumpAtLeast, number, distance, 0)];
  return [instruction(jumpAtLeast, number, 0, 1), instruction(jumpAlways, distance)];
}

/** A search tree over sorted rules: log2(n) comparisons, and allow for every number that is not in it. */
function compileTree(rules: readonly NumberedRule[]): Instruction[] {
  const first = rules[0];
  if (first === undefined) return [instruction(give, allow)];
  if (rules.length === 1) {
    return [instruction(jumpEqual, first.number, 1, 0), instruction(give, allow), ...compileRule(first.rule)];
  }
  const middle = rules.length >> 1;
  const left = compileTree(rules.slice(0, middle));
  const right = compileTree(rules.slice(middle));
  return [...splitAt(rules[middle]?.number ?? 0, left.length), ...left, ...right];
}

function architectureGuard(architecture: SeccompArchitecture): Instruction[] {
  const guard = [
    instruction(loadWord, offsetArchitecture),
    instruction(jumpEqual, auditArchitectures[architecture], 1, 0),
    instruction(give, killProcess),
    instruction(loadWord, offsetNumber),
  ];
  if (architecture !== "x64") return guard;
  return [...guard, instruction(jumpBitsSet, x32Bit, 0, 1), instruction(give, killProcess)];
}

function serialize(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach((entry, index) => {
    view.setUint16(index * 8, entry.code, true);
    view.setUint8(index * 8 + 2, entry.jumpTrue);
    view.setUint8(index * 8 + 3, entry.jumpFalse);
    view.setUint32(index * 8 + 4, entry.operand >>> 0, true);
  });
  return bytes;
}

/** The profile as an array of struct sock_filter. Calls of another architecture, and x32's, kill the process. Pure. */
export function compileSeccomp(profile: readonly SeccompEntry[], architecture: SeccompArchitecture): Uint8Array {
  const rules = profile
    .flatMap((entry) => {
      const number = entry[architecture];
      return number === undefined ? [] : [{ number, rule: entry.rule }];
    })
    .sort((one, other) => one.number - other.number);
  return serialize([...architectureGuard(architecture), ...compileTree(rules)]);
}
