/** The kernel's seccomp machine, as far as seccomp(2) allows it: classic BPF over one struct seccomp_data. */

/** One instruction: struct sock_filter (linux/filter.h). */
export interface BpfInstruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

/** What a filter sees of a call: struct seccomp_data (linux/seccomp.h). */
export interface SystemCall {
  readonly architecture: number;
  readonly number: number;
  readonly arguments?: readonly bigint[];
}

/** What becomes of a call. */
export type CallVerdict = "allow" | "ask" | "kill" | { readonly errno: number };

const operations = {
  load: 0x20,
  mask: 0x54,
  jump: 0x05,
  equal: 0x15,
  greater: 0x25,
  atLeast: 0x35,
  bitsSet: 0x45,
  give: 0x06,
};

/** Bytes of struct seccomp_data: number, architecture, instruction pointer, six arguments. */
const dataBytes = 64;

/** The instructions of a filter as the kernel gets it. @throws where it is none that the kernel would take. */
export function parseProgram(bytes: Uint8Array): BpfInstruction[] {
  if (bytes.length === 0 || bytes.length % 8 !== 0) throw new Error(`${bytes.length} bytes are no BPF program`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const program = Array.from({ length: bytes.length / 8 }, (_, index) => ({
    code: view.getUint16(index * 8, true),
    jumpTrue: view.getUint8(index * 8 + 2),
    jumpFalse: view.getUint8(index * 8 + 3),
    operand: view.getUint32(index * 8 + 4, true),
  }));
  program.forEach((instruction, index) => check(instruction, index, program.length));
  return program;
}

/** bpf_check_classic and seccomp_check_filter (kernel/seccomp.c): known operations, jumps inside, an end that gives. */
function check({ code, jumpTrue, jumpFalse, operand }: BpfInstruction, index: number, length: number): void {
  const left = length - index - 1;
  const fail = (problem: string): never => {
    throw new Error(`instruction ${index}: ${problem}`);
  };
  if (!Object.values(operations).includes(code)) fail(`operation 0x${code.toString(16)} is unknown`);
  if (code === operations.load && (operand % 4 !== 0 || operand >= dataBytes)) fail(`loads from ${operand}`);
  if (code === operations.jump && operand >= left) fail(`jumps ${operand} of ${left}`);
  if (isConditional(code) && Math.max(jumpTrue, jumpFalse) >= left) fail(`jumps ${jumpTrue}/${jumpFalse} of ${left}`);
  if (left === 0 && code !== operations.give) fail("the last one gives nothing");
}

function isConditional(code: number): boolean {
  return [operations.equal, operations.greater, operations.atLeast, operations.bitsSet].includes(code);
}

function seccompData({ architecture, number, arguments: values = [] }: SystemCall): DataView {
  const view = new DataView(new ArrayBuffer(dataBytes));
  view.setInt32(0, number, true);
  view.setUint32(4, architecture, true);
  values.forEach((value, index) => view.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true));
  return view;
}

function holds(code: number, accumulator: number, operand: number): boolean {
  switch (code) {
    case operations.equal:
      return accumulator === operand;
    case operations.greater:
      return accumulator > operand;
    case operations.atLeast:
      return accumulator >= operand;
    default:
      return (accumulator & operand) !== 0;
  }
}

/** SECCOMP_RET_*: the action in the high half, an errno in the low one. */
function verdictOf(value: number): CallVerdict {
  if (value === 0x7fff_0000) return "allow";
  if (value === 0x7fc0_0000) return "ask";
  if (value === 0x8000_0000) return "kill";
  if (value >>> 16 === 0x0005) return { errno: value & 0xffff };
  throw new Error(`the filter gives 0x${value.toString(16)}, which means nothing here`);
}

/** Runs a filter on a call; `onStep` is called for every instruction that is carried out. */
export function runProgram(
  program: readonly BpfInstruction[],
  call: SystemCall,
  onStep: () => void = () => undefined,
): CallVerdict {
  const data = seccompData(call);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error(`the filter runs out at ${at}`);
    onStep();
    const { code, operand, jumpTrue, jumpFalse } = instruction;
    if (code === operations.give) return verdictOf(operand);
    if (code === operations.load) accumulator = data.getUint32(operand, true);
    else if (code === operations.mask) accumulator = (accumulator & operand) >>> 0;
    else if (code === operations.jump) at += operand;
    else at += holds(code, accumulator, operand) ? jumpTrue : jumpFalse;
  }
}
