/** Encodes a plan as the launcher's instruction: one length-bounded record after another, little-endian. */
import { CupelError } from "../model/error.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import { compiledGuard, compiledSeccomp } from "./compiled-seccomp.gen.ts";
import { confinedStart, encodeConfinement } from "./encode-confinement.ts";
import { encodeGuest } from "./encode-guest.ts";
import { encodeEnd, encodeLimits, type JobEnd } from "./encode-limits.ts";
import { encodeNetwork } from "./encode-network.ts";
import { encodePinned } from "./encode-pinned.ts";
import { encodeRootStep, givenContent } from "./encode-root-step.ts";
import { bitsOf, InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { isMade, type MakerCall } from "./maker-call.ts";
import { callTimes, instructionBytesMax, optionBits, protocolMagic, protocolVersion, recordKinds } from "./protocol.ts";

/** What one of many jobs has for itself; all the rest is the shape's. */
export interface ResidentJob extends JobEnd {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, inside. */
  readonly directory: string;
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

/** LANDLOCK_SCOPE_* (landlock(7), ABI 6). */
const landlockScopeBits = { "abstract-unix-socket": 1, signal: 2 } as const;

/** LANDLOCK_ACCESS_NET_BIND_TCP and CONNECT_TCP (landlock(7), ABI 4). */
const landlockNetworkBits = 3;

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
        binding.maker?.isEngine === true && optionBits.engine,
        binding.maker?.joinsByInput === true && optionBits.input,
      ),
    );
    writer.u32(plan.umask);
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
  encodeDaemon(writer, maker);
}

function encodeDaemon(writer: InstructionWriter, { path, gate, rootlessDaemon, furtherCalls = [] }: MakerCall): void {
  if (gate !== undefined) writer.record(recordKinds.makerGate, () => writer.text(gate));
  if (rootlessDaemon !== undefined) writer.record(recordKinds.makerDaemon, () => writer.text(rootlessDaemon));
  for (const { time, path: own = path, arguments: words } of furtherCalls) {
    writer.record(recordKinds.makerFurther, () => writer.u32(callTimes[time]));
    for (const word of [own, ...words]) writer.record(recordKinds.makerArgument, () => writer.text(word));
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
  if (plan.confinement !== undefined) {
    const program = compiledGuard[binding.architecture]();
    writer.record(recordKinds.guard, () => writer.raw(Buffer.from(program, "base64")));
  }
  const { landlockScopes, landlockNetwork, landlockVersion } = plan;
  if (landlockScopes.length > 0 || landlockNetwork !== undefined || landlockVersion !== undefined) {
    writer.record(recordKinds.landlock, () => {
      writer.u64(bitsOf(...landlockScopes.map((scope) => landlockScopeBits[scope])));
      writer.u64(landlockNetwork === "denied" ? landlockNetworkBits : 0);
      writer.u32(landlockVersion ?? 0);
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
  const start = confinedStart(plan, binding);
  writer.record(recordKinds.directory, () => writer.text(start.directory));
  for (const step of plan.root) encodeRootStep(writer, step, binding);
  encodeConfinement(writer, plan, binding);
  encodePinned(writer, binding);
  encodeLimits(writer, plan, binding);
  encodeMaker(writer, plan, binding.maker);
  encodeGuest(writer, plan, binding);
  encodeNetwork(writer, plan, binding);
  encodeDescriptors(writer, plan, binding);
  encodeFilters(writer, plan, binding);
  for (const word of plan.setup ?? []) writer.record(recordKinds.setupArgument, () => writer.text(word));
  encodeCommand(writer, { command: plan.command, environment: start.environment });
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
