/** Encodes one step of building a root as a record of the launcher's instruction. */
import { CupelError } from "../model/error.ts";
import type { RootStep } from "../model/root-step.ts";
import { bitsOf, type InstructionWriter } from "./instruction-writer.ts";
import { recordKinds, stepBits } from "./protocol.ts";

function encodeBind(writer: InstructionWriter, step: Extract<RootStep, { step: "bind" }>): void {
  writer.record(recordKinds.bind, () => {
    writer.u32(
      bitsOf(
        step.writable && stepBits.writable,
        step.optional && stepBits.optional,
        step.mapOwner === "if-possible" && stepBits.mapOwnerIfPossible,
        step.mapOwner === "must" && stepBits.mapOwner,
      ),
    );
    writer.text(step.source);
    writer.text(step.destination);
  });
}

function encodeTmpfs(writer: InstructionWriter, step: Extract<RootStep, { step: "tmpfs" }>): void {
  writer.record(recordKinds.tmpfs, () => {
    writer.u32(
      bitsOf(
        step.writable && stepBits.writable,
        step.owned && stepBits.owned,
        step.keepsOffSwap === true && stepBits.noSwap,
      ),
    );
    writer.u32(step.mode);
    writer.u64(step.sizeBytes);
    writer.u64(step.filesMax ?? 0);
    writer.text(step.destination);
  });
}

function encodeContent(
  writer: InstructionWriter,
  destination: string,
  content: Uint8Array,
  { mode, isOwned }: { readonly mode: number; readonly isOwned: boolean },
): void {
  writer.record(recordKinds.file, () => {
    writer.u32(bitsOf(isOwned && stepBits.owned));
    writer.u32(mode);
    writer.text(destination);
    writer.u32(content.length);
    writer.raw(content);
  });
}

/** Where the job's own layer, or its copy, lies. */
function layerOf(layer: string | undefined): string {
  if (layer === undefined) throw new CupelError("set-up", "There is no place for what the job changes");
  return layer;
}

type LayerStep = Extract<RootStep, { step: "overlay" | "copy" }>;

function isLayerStep(step: RootStep): step is LayerStep {
  return step.step === "overlay" || step.step === "copy";
}

function encodeLayer(writer: InstructionWriter, step: LayerStep, layer: string | undefined): void {
  if (step.step === "copy") {
    const { destination } = step;
    const source = `${layerOf(layer)}/upper`;
    return encodeBind(writer, { step: "bind", source, destination, writable: true, mapOwner: "no", optional: false });
  }
  writer.record(recordKinds.overlay, () => {
    writer.u32(bitsOf(step.mapOwner === "must" && stepBits.mapOwner));
    writer.text(step.source);
    writer.text(step.destination);
    writer.text(layerOf(layer));
    writer.u64(step.sizeBytes ?? 0);
    writer.u64(step.filesMax ?? 0);
    writer.text(step.program ?? "");
  });
}

/** What the steps leave open until the plan is carried out. */
export interface StepBinding {
  /** Where the job's own layer lies. */
  readonly layer?: string | undefined;
  /** Contents that the plan names: values of secrets, above all. */
  readonly given?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** A content that a plan names. @throws CupelError `set-up` where there is none. */
export function givenContent(name: string, { given }: StepBinding): Uint8Array {
  const content = given?.get(name);
  if (content === undefined) throw new CupelError("set-up", `There is no content for ${name}`);
  return content;
}

type ContentStep = Extract<RootStep, { step: "file" | "given" }>;

function isContentStep(step: RootStep): step is ContentStep {
  return step.step === "file" || step.step === "given";
}

/** Of a file of cupel's, which everyone may read, and of one whose content is for the job's user alone. */
const modes = { file: 0o444, given: 0o400 } as const;

function encodeFile(writer: InstructionWriter, step: ContentStep, binding: StepBinding): void {
  const isGiven = step.step === "given";
  const content = isGiven ? givenContent(step.content, binding) : Buffer.from(step.content);
  encodeContent(writer, step.destination, content, { mode: modes[step.step], isOwned: isGiven });
}

/**
 * Writes the step's record.
 * @throws CupelError `usage` where a path holds a NUL, `set-up` where there is no layer, or no content.
 */
export function encodeRootStep(writer: InstructionWriter, step: RootStep, binding: StepBinding): void {
  if (isLayerStep(step)) return encodeLayer(writer, step, binding.layer);
  if (isContentStep(step)) return encodeFile(writer, step, binding);
  switch (step.step) {
    case "mirror":
      return writer.record(recordKinds.mirror, () => writer.text(step.path));
    case "bind":
      return encodeBind(writer, step);
    case "tmpfs":
      return encodeTmpfs(writer, step);
    case "directory":
      return writer.record(recordKinds.makeDirectory, () => {
        writer.u32(step.mode);
        writer.text(step.destination);
      });
    case "symlink":
      return writer.record(recordKinds.symlink, () => {
        writer.text(step.destination);
        writer.text(step.target);
      });
    case "proc":
      return writer.record(recordKinds.proc, () => writer.text(step.destination));
    case "read-only":
      return writer.record(recordKinds.readOnly, () => writer.text(step.destination));
    case "mask":
      return writer.record(recordKinds.mask, () => writer.text(step.destination));
    case "devices":
      return writer.record(recordKinds.devices, () => {
        writer.u64(step.shmBytes);
        writer.u64(step.shmFilesMax ?? 0);
        writer.text(step.destination);
      });
  }
}
