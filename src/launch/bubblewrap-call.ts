/** A plan in bubblewrap's terms: bwrap(1), version 0.8 on. Pure. */
import { CupelError } from "../model/error.ts";
import { isWithin } from "../model/job.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import { givenContent, type StepBinding } from "./encode-root-step.ts";
import type { LookUp } from "./look-up.ts";
import type { MadePlan, MakerCall, MakerInput } from "./maker-call.ts";
import { makerDescriptors, makerInputsMax } from "./protocol.ts";

/** Mount namespaces are not asked for: there is always one. */
const namespaceFlags: Readonly<Record<NamespaceKind, string | undefined>> = {
  mount: undefined,
  user: "--unshare-user",
  pid: "--unshare-pid",
  ipc: "--unshare-ipc",
  uts: "--unshare-uts",
  cgroup: "--unshare-cgroup-try",
  network: "--unshare-net",
};

/** Gathers what bubblewrap finds at descriptors, and says at which. */
class Inputs {
  readonly all: MakerInput[] = [];

  add(input: MakerInput): string {
    this.all.push(input);
    if (this.all.length >= makerInputsMax)
      throw cannot(`be given more than ${makerInputsMax - 1} paths and files; grant directories that hold them`);
    // The first is the list of arguments itself.
    return String(makerDescriptors.firstInput + this.all.length);
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

interface Lowering {
  readonly plan: MadePlan;
  readonly lookUp: LookUp;
  readonly inputs: Inputs;
  readonly binding: StepBinding;
}

function cannot(what: string): CupelError {
  return new CupelError("set-up", `bubblewrap cannot ${what}`);
}

type StepOf<Kind extends RootStep["step"]> = Extract<RootStep, { step: Kind }>;

function lowerBind(step: StepOf<"bind">, { inputs }: Lowering): string[] {
  const flag = step.writable ? "bind" : "ro-bind";
  // Of these the paths are cupel's own choice, and the host's own links lead to them.
  if (step.optional) return [`--${flag}-try`, step.source, step.destination];
  return [`--${flag}-fd`, inputs.add({ source: step.source }), step.destination];
}

/** Directories that lead there, the root apart: made along with what is private, they would be private, too. */
function parentsOf(path: string): string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, at) => `/${names.slice(0, at + 1).join("/")}`);
}

function lowerTmpfs(step: StepOf<"tmpfs">): string[] {
  if (step.filesMax !== undefined) throw cannot(`cap the number of files in ${step.destination}`);
  const above = parentsOf(step.destination).flatMap((path) => ["--dir", path]);
  return [...above, "--perms", octal(step.mode), "--size", String(step.sizeBytes), "--tmpfs", step.destination];
}

/** Whether the step shows something of the host at this path. */
function shows(step: RootStep, path: string): boolean {
  if (step.step === "mirror") return isWithin(path, step.path);
  return (step.step === "bind" || step.step === "copy" || step.step === "proc") && isWithin(path, step.destination);
}

/** What nothing shows needs no mask, which would be a trace of it. */
function lowerMask({ destination }: StepOf<"mask">, { plan, lookUp }: Lowering): string[] {
  const found = plan.root.some((step) => shows(step, destination)) ? lookUp(destination) : "none";
  if (found === "none") return [];
  if (found === "directory") return ["--perms", "0555", "--tmpfs", destination, "--remount-ro", destination];
  return ["--ro-bind", "/dev/null", destination];
}

function lowerReadOnly({ destination }: StepOf<"read-only">): string[] {
  if (isWithin(destination, "/proc")) return ["--ro-bind-try", destination, destination];
  return ["--remount-ro", destination];
}

function lowerDevices(step: StepOf<"devices">): string[] {
  if (step.shmFilesMax !== undefined) throw cannot("cap the number of files in /dev/shm");
  const shared = ["--perms", "1777", "--size", String(step.shmBytes), "--tmpfs", `${step.destination}/shm`];
  return ["--dev", step.destination, ...shared, "--remount-ro", step.destination];
}

function lowerCopy(step: StepOf<"copy">, { inputs, binding: { layer } }: Lowering): string[] {
  if (layer === undefined) throw new CupelError("set-up", "There is no place for what the job changes");
  return ["--bind-fd", inputs.add({ source: `${layer}/upper` }), step.destination];
}

function lowerFile(destination: string, content: Uint8Array, mode: string, { inputs }: Lowering): string[] {
  return ["--perms", mode, "--file", inputs.add({ content }), destination];
}

type Lower<Kind extends RootStep["step"]> = (step: StepOf<Kind>, lowering: Lowering) => string[];

const lowerings: { readonly [Kind in RootStep["step"]]: Lower<Kind> } = {
  mirror: ({ path }) => ["--ro-bind-try", path, path],
  bind: lowerBind,
  overlay: ({ source }) => {
    throw cannot(`lay a layer over ${source}`);
  },
  copy: lowerCopy,
  tmpfs: lowerTmpfs,
  directory: ({ mode, destination }) => ["--perms", octal(mode), "--dir", destination],
  file: ({ content, destination }, lowering) => lowerFile(destination, Buffer.from(content), "0444", lowering),
  given: ({ content, destination }, lowering) =>
    lowerFile(destination, givenContent(content, lowering.binding), "0400", lowering),
  symlink: ({ target, destination }) => ["--symlink", target, destination],
  proc: ({ destination }) => ["--proc", destination],
  "read-only": lowerReadOnly,
  mask: lowerMask,
  devices: lowerDevices,
};

function lowerStep(step: RootStep, lowering: Lowering): string[] {
  return (lowerings[step.step] as Lower<RootStep["step"]>)(step, lowering);
}

function lowerIdentity({ inside, hostname }: LauncherPlan): string[] {
  return [
    ...(inside === undefined ? [] : ["--uid", String(inside.uid), "--gid", String(inside.gid)]),
    ...(hostname === undefined ? [] : ["--hostname", hostname]),
  ];
}

/** It takes milliseconds; a machine with other work to do, seconds. */
const startTimeoutMs = 20_000;

/** Always, whatever the job: what no plan does without. */
const hardened = ["--disable-userns", "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1"];

/**
 * The call; `binding` is what the plan leaves open.
 * @throws CupelError `set-up` where the plan asks for what bubblewrap cannot do.
 */
export function callBubblewrap(plan: MadePlan, lookUp: LookUp, binding: StepBinding = {}): MakerCall {
  const lowering = { plan, lookUp, inputs: new Inputs(), binding };
  const words = [
    ...plan.namespaces.flatMap((kind) => namespaceFlags[kind] ?? []),
    ...hardened,
    "--clearenv",
    ...lowerIdentity(plan),
    ...plan.root.flatMap((step) => lowerStep(step, lowering)),
    "--chdir",
    "/",
  ];
  return {
    path: plan.maker.path,
    arguments: [
      "--args",
      String(makerDescriptors.firstInput),
      "--",
      `/proc/self/fd/${makerDescriptors.program}`,
      "inside",
    ],
    environment: {},
    startTimeoutMs,
    inputs: [{ content: Buffer.from(words.map((word) => `${word}\0`).join("")) }, ...lowering.inputs.all],
  };
}
