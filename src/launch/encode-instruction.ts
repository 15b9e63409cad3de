/** Encodes a plan as the launcher's instruction: one length-bounded record after another, little-endian. */
import { CupelError } from "../model/error.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import { compiledSeccomp } from "./compiled-seccomp.gen.ts";
import { encodeRootStep, givenContent, type StepBinding } from "./encode-root-step.ts";
import { bitsOf, InstructionWriter } from "./instruction-writer.ts";
import { isMade, type MakerCall } from "./maker-call.ts";
import { instructionBytesMax, optionBits, protocolMagic, protocolVersion, recordKinds } from "./protocol.ts";
import type { SeccompArchitecture } from "./system-call-numbers.ts";

/** What the plan leaves open until it is carried out. */
export interface LaunchBinding extends StepBinding {
  /** The job's ids outside: the caller's, or fresh ones. */
  readonly outside: { readonly uid: number; readonly gid: number };
  /** Directories of control groups that the job joins. */
  readonly controlGroups: readonly string[];
  /** Everything but the job. */
  readonly rehearsal: boolean;
  readonly architecture: SeccompArchitecture;
  /** The Unix socket where the proxy of a plan that has one waits, to be unlinked by the launcher; absent for a rehearsal, which has none. */
  readonly proxy?: string | undefined;
  /** How the program of a plan that has a maker is called. */
  readonly maker?: MakerCall | undefined;
  /** For a resident launcher: the plan is the shape of many jobs, and `controlGroups` are the places that hold theirs. */
  readonly resident?: ResidentBinding | undefined;
}

/** What a resident launcher is told beside the plan. */
export interface ResidentBinding {
  /** See {@link sharesRoot}. */
  readonly sharesRoot: boolean;
  /** How much of each of a job's two outputs is passed on; the rest is read and counted. */
  readonly captureBytesMax: number;
}

/** What one of many jobs has for itself; all the rest is the shape's. */
export interface ResidentJob {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, inside. */
  readonly directory: string;
  readonly timeoutMs?: number | undefined;
  readonly graceMs: number;
  readonly cpuTimeMs?: number | undefined;
  readonly idleMs?: number | undefined;
  /** Directories of control groups of its own, each below a place of the shape's. */
  readonly controlGroups: readonly string[];
}

/** CLONE_NEW* (linux/sched.h). */
const namespaceFlags: Readonly<Record<NamespaceKind, number>> = {
  mount: 0x0002_0000,
  cgroup: 0x0200_0000,
  uts: 0x0400_0000,
  ipc: 0x0800_0000,
  user: 0x1000_0000,
  pid: 0x2000_0000,
  network: 0x4000_0000,
};

/** RLIMIT_* (asm-generic/resource.h). */
const resources = { cpuSeconds: 0, fileBytes: 1, core: 4, processes: 6, openFiles: 7 } as const;

/** SIGXCPU comes at the soft limit and ends a process, SIGKILL at the hard one: only the first says what it was for. */
const hardLimitBeyond: Readonly<Partial<Record<keyof typeof resources, number>>> = { cpuSeconds: 1 };

/** LANDLOCK_SCOPE_* (landlock(7), ABI 6). */
const landlockScopeBits = { "abstract-unix-socket": 1, signal: 2 } as const;

function encodeIdentity(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  const inside = plan.inside ?? binding.outside;
  writer.record(recordKinds.identity, () => {
    for (const id of [inside.uid, inside.gid, binding.outside.uid, binding.outside.gid]) writer.u32(id);
  });
}

function encodeOptions(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  writer.record(recordKinds.options, () => {
    writer.u32(
      bitsOf(
        plan.outside === "fresh" && optionBits.freshIdentity,
        plan.dropCapabilities && optionBits.dropCapabilities,
        plan.loopbackUp && optionBits.loopbackUp,
        binding.rehearsal && optionBits.rehearsal,
        plan.terminal === "private" && optionBits.terminal,
        binding.resident?.sharesRoot === true && optionBits.sharedRoot,
      ),
    );
    writer.u32(plan.umask);
  });
}

function encodeLimits(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  for (const [name, resource] of Object.entries(resources)) {
    const value = plan.resourceLimits[name as keyof typeof resources];
    if (value === undefined) continue;
    writer.record(recordKinds.resourceLimit, () => {
      writer.u32(resource);
      writer.u64(value);
      writer.u64(value + (hardLimitBeyond[name as keyof typeof resources] ?? 0));
    });
  }
  const { resident } = binding;
  if (resident !== undefined) writer.record(recordKinds.capture, () => writer.u64(resident.captureBytesMax));
  encodeOutput(writer, plan.output);
  encodeEnd(writer, { ...plan, controlGroups: binding.controlGroups });
}

function encodeOutput(writer: InstructionWriter, output: LauncherPlan["output"]): void {
  if (output === undefined) return;
  writer.record(recordKinds.output, () => {
    writer.u64(output.bytesMax);
    writer.u32(output.beyond === "kill" ? 1 : 0);
  });
}

type JobEnd = Pick<ResidentJob, "timeoutMs" | "graceMs" | "cpuTimeMs" | "idleMs" | "controlGroups">;

function encodeEnd(writer: InstructionWriter, job: JobEnd): void {
  for (const directory of job.controlGroups) {
    writer.record(recordKinds.controlGroup, () => writer.text(directory));
  }
  writer.record(recordKinds.time, () => {
    writer.u64(job.timeoutMs ?? 0);
    writer.u64(job.graceMs);
    writer.u64(job.cpuTimeMs ?? 0);
    writer.u64(job.idleMs ?? 0);
  });
}

function encodeMaker(writer: InstructionWriter, plan: LauncherPlan, maker: MakerCall | undefined): void {
  // Without its call the launcher would make the sandbox itself, which is another one than was planned.
  if (isMade(plan) !== (maker !== undefined))
    throw new TypeError("a plan with a maker, or its call, without the other");
  if (maker === undefined) return;
  for (const word of [maker.path, ...maker.arguments])
    writer.record(recordKinds.makerArgument, () => writer.text(word));
  for (const [name, value] of Object.entries(maker.environment))
    writer.record(recordKinds.makerVariable, () => writer.text(`${name}=${value}`));
  writer.record(recordKinds.makerStart, () => writer.u64(maker.startTimeoutMs));
  for (const input of maker.inputs) {
    if ("content" in input) writer.record(recordKinds.makerInput, () => writer.raw(input.content));
    else writer.record(recordKinds.makerSource, () => writer.text(input.source));
  }
}

function encodeProxy(writer: InstructionWriter, { proxy }: LauncherPlan, binding: LaunchBinding): void {
  const { proxy: place } = binding;
  if (proxy === undefined || place === undefined) return;
  writer.record(recordKinds.proxy, () => {
    writer.text(place);
    // In the order in which the proxy knows them: see start-proxy.ts.
    writer.u32(proxy.httpPort);
    writer.u32(proxy.socksPort);
  });
}

function encodePublish(writer: InstructionWriter, { publish = [] }: LauncherPlan): void {
  for (const { address, port, jobPort } of publish) {
    writer.record(recordKinds.publish, () => {
      writer.u32(address.bytes.length);
      writer.raw(Uint8Array.from(address.bytes));
      writer.u32(port);
      writer.u32(jobPort);
    });
  }
}

function encodeDescriptors(
  writer: InstructionWriter,
  { descriptors = [] }: LauncherPlan,
  binding: LaunchBinding,
): void {
  for (const { number, content: name } of descriptors) {
    const content = givenContent(name, binding);
    writer.record(recordKinds.descriptor, () => {
      writer.u32(number);
      writer.u32(content.length);
      writer.raw(content);
    });
  }
}

function encodeFilters(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  if (plan.seccomp !== "none") {
    const program = compiledSeccomp[plan.seccomp][plan.sockets][binding.architecture]();
    writer.record(recordKinds.seccomp, () => writer.raw(Buffer.from(program, "base64")));
  }
  if (plan.landlockScopes.length > 0 || plan.landlockVersion !== undefined) {
    writer.record(recordKinds.landlock, () => {
      writer.u64(bitsOf(...plan.landlockScopes.map((scope) => landlockScopeBits[scope])));
      writer.u32(plan.landlockVersion ?? 0);
    });
  }
}

function encodeCommand(writer: InstructionWriter, job: Pick<ResidentJob, "command" | "environment">): void {
  for (const argument of job.command) writer.record(recordKinds.argument, () => writer.text(argument));
  for (const [name, value] of Object.entries(job.environment)) {
    writer.record(recordKinds.variable, () => writer.text(`${name}=${value}`));
  }
}

function beginInstruction(): InstructionWriter {
  const writer = new InstructionWriter();
  writer.u32(protocolMagic);
  writer.u32(protocolVersion);
  writer.u32(0);
  return writer;
}

/** @throws CupelError `usage` where it is too long. */
function endInstruction(writer: InstructionWriter): Uint8Array {
  if (writer.length > instructionBytesMax) {
    throw new CupelError(
      "usage",
      "The command, its environment and its grants are together longer than 4 MiB; pass less",
    );
  }
  return writer.finish();
}

/**
 * The whole instruction. Pure.
 * @throws CupelError `usage` where an argument, variable or path holds a NUL, or all of them together are too long.
 */
export function encodeInstruction(plan: LauncherPlan, binding: LaunchBinding): Uint8Array {
  const writer = beginInstruction();
  encodeIdentity(writer, plan, binding);
  writer.record(recordKinds.namespaces, () => {
    writer.u64(plan.namespaces.reduce((flags, kind) => flags + namespaceFlags[kind], 0));
  });
  encodeOptions(writer, plan, binding);
  const { hostname } = plan;
  if (hostname !== undefined) writer.record(recordKinds.hostname, () => writer.text(hostname));
  writer.record(recordKinds.directory, () => writer.text(plan.directory));
  for (const step of plan.root) encodeRootStep(writer, step, binding);
  encodeLimits(writer, plan, binding);
  encodeProxy(writer, plan, binding);
  encodeMaker(writer, plan, binding.maker);
  if (!binding.rehearsal) encodePublish(writer, plan);
  encodeDescriptors(writer, plan, binding);
  encodeFilters(writer, plan, binding);
  for (const word of plan.setup ?? []) writer.record(recordKinds.setupArgument, () => writer.text(word));
  encodeCommand(writer, plan);
  return endInstruction(writer);
}

/** An instruction without a record: what a resident launcher ends at. Pure. */
export function encodeGoodbye(): Uint8Array {
  return endInstruction(beginInstruction());
}

/**
 * One of many jobs, for a resident launcher that knows the shape. Pure.
 * @throws CupelError `usage` as {@link encodeInstruction} does.
 */
export function encodeResidentJob(job: ResidentJob): Uint8Array {
  const writer = beginInstruction();
  writer.record(recordKinds.directory, () => writer.text(job.directory));
  encodeEnd(writer, job);
  encodeCommand(writer, job);
  return endInstruction(writer);
}
