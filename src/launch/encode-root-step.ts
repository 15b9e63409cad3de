/** Encodes one step of building a root as a record of the launcher's instruction. */
import { CupelError } from "../model/error.ts";
import type { RootStep } from "../model/plan.ts";
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
    writer.u32(bitsOf(step.writable && stepBits.writable, step.owned && stepBits.owned));
    writer.u32(step.mode);
    writer.u64(step.sizeBytes);
    writer.u64(step.filesMax ?? 0);
    writer.text(step.destination);
  });
}

function encodeFile(writer: InstructionWriter, step: Extract<RootStep, { step: "file" }>): void {
  writer.record(recordKinds.file, () => {
    const content = Buffer.from(step.content);
    writer.text(step.destination);
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
  });
}

/**
 * Writes the step's record; `layer` is where the job's own layer lies, for the steps that need one.
 * @throws CupelError `usage` where a path holds a NUL, `set-up` where there is no layer.
 */
export function encodeRootStep(writer: InstructionWriter, step: RootStep, layer?: string): void {
  if (isLayerStep(step)) return encodeLayer(writer, step, layer);
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
    case "file":
      return encodeFile(writer, step);
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
