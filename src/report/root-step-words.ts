/** The steps that build a job's root, in words. */
import type { RootStep } from "../model/root-step.ts";
import { count, formatBytes, joinWords } from "./phrase.ts";

type LayerStep = Extract<RootStep, { step: "overlay" | "copy" }>;

function isLayerStep(step: RootStep): step is LayerStep {
  return step.step === "overlay" || step.step === "copy";
}

function describeLayer(step: LayerStep): string {
  const { source, destination } = step;
  if (step.step === "copy") return `${destination}: a copy of ${source} of the host, where changes stay`;
  const size = step.sizeBytes === undefined ? "" : `, in memory and of at most ${formatBytes(step.sizeBytes)}`;
  const laid = step.program === undefined ? "" : `, laid by ${step.program}`;
  return `${destination}: ${source} of the host with a layer above it${laid}, where changes stay${size}${ownerWords[step.mapOwner]}`;
}

type ContentStep = Extract<RootStep, { step: "file" | "given" }>;

function isContentStep(step: RootStep): step is ContentStep {
  return step.step === "file" || step.step === "given";
}

/** What a content is, and never what is in one that the plan only names. */
function describeContent({ step, destination, content }: ContentStep): string {
  if (step === "file") return `${destination}: a file that cupel writes, ${count(content.length, "character")}`;
  return `${destination}: a file of the job's user, with ${content.includes(" ") ? content : `the secret ${content}`}`;
}

/** One step, as it reads after its number. */
export function describeRootStep(step: RootStep): string {
  if (isContentStep(step)) return describeContent(step);
  return isLayerStep(step) ? describeLayer(step) : describeOther(step);
}

function describeOther(step: Exclude<RootStep, LayerStep | ContentStep>): string {
  switch (step.step) {
    case "mirror":
      return `${step.path}: as on the host, read-only`;
    case "bind":
      return describeBind(step);
    case "tmpfs":
      return `${step.destination}: in memory, ${step.writable ? "writable" : "read-only"}, at most ${formatBytes(step.sizeBytes)}, mode ${octal(step.mode)}`;
    case "directory":
      return `${step.destination}: a directory, mode ${octal(step.mode)}`;
    case "symlink":
      return `${step.destination}: a link to ${step.target}`;
    case "proc":
      return `${step.destination}: the job's own processes, freshly mounted`;
    case "read-only":
      return `${step.destination}: made read-only`;
    case "mask":
      return `${step.destination}: hidden`;
    case "devices":
      return `${step.destination}: a minimal set of devices, shared memory of at most ${formatBytes(step.shmBytes)}`;
  }
}

/** All steps in a line: `7 entries of the host, 2 grants (1 writable), …`. */
export function summarizeRoot(steps: readonly RootStep[]): string {
  if (steps.length === 0) return "the caller's own view of the file system; nothing is hidden";
  const amounts = new Map<RootStep["step"], number>();
  for (const { step } of steps) amounts.set(step, (amounts.get(step) ?? 0) + 1);
  const writable = steps.filter((step) => step.step === "bind" && step.writable).length;
  const parts = [...amounts].map(([step, amount]) => {
    const [singular, plural] = stepNouns[step];
    return `${count(amount, singular, plural)}${step === "bind" ? ` (${writable} writable)` : ""}`;
  });
  return `a new one: ${joinWords(parts)}`;
}

const stepNouns: Readonly<Record<RootStep["step"], readonly [singular: string, plural: string]>> = {
  mirror: ["entry of the host, read-only", "entries of the host, read-only"],
  bind: ["granted path", "granted paths"],
  overlay: ["layer for changes", "layers for changes"],
  copy: ["copied directory", "copied directories"],
  tmpfs: ["file system in memory", "file systems in memory"],
  directory: ["directory", "directories"],
  file: ["written file", "written files"],
  given: ["file for the job's user alone", "files for the job's user alone"],
  symlink: ["link", "links"],
  proc: ["fresh /proc", "fresh /proc"],
  "read-only": ["path made read-only", "paths made read-only"],
  mask: ["hidden path", "hidden paths"],
  devices: ["minimal /dev", "minimal /dev"],
};

const ownerWords = {
  no: "",
  "if-possible": ", owned by the job's user if possible",
  must: ", owned by the job's user",
};

function describeBind({
  source,
  destination,
  writable,
  mapOwner,
  optional,
}: Extract<RootStep, { step: "bind" }>): string {
  const place = source === destination ? destination : `${destination}: ${source} of the host`;
  const access = writable ? "writable" : "read-only";
  return `${place}${source === destination ? ":" : ","} ${access}${ownerWords[mapOwner]}${optional ? ", if it exists" : ""}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
