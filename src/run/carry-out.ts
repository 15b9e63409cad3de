/** Carries out a plan: control groups, the layer, the proxy, the launch, and what was seen of it. */
import type { Host } from "../host/host.ts";
import type { CallerStreams } from "../host/spawn-child.ts";
import type { LaunchEvent } from "../launch/launch-event.ts";
import { outsideIdentity, seccompArchitecture } from "../launch/launch-identity.ts";
import type { LaunchBinding } from "../launch/launch-binding.ts";
import { isMade } from "../launch/maker-call.ts";
import { startLaunch, type Launch, type Watching } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import type { Standings } from "../model/capability.ts";
import type { NetworkOutcome } from "../model/denial.ts";
import type { Usage } from "../model/usage.ts";
import type { LauncherPlan, Plan, ProxyPlan } from "../model/plan.ts";
import type { ControlGroupEvidence } from "./control-group-counts.ts";
import { readTreeUsage } from "./control-group-usage.ts";
import { createControlGroups, jobGroupName, reachControlGroups, type JobControlGroups } from "./control-groups.ts";
import { forwardSignals, stopWhenSuspended } from "./forward-signals.ts";
import type { LayerOwner } from "./layer-place.ts";
import type { Injector } from "./network/injector.ts";
import type { Layer } from "./open-layer.ts";

/** What carrying out needs besides the plan. */
export interface CarryOutContext {
  readonly host: Host;
  readonly matrix: Standings;
  /** Where helpers may be kept. */
  readonly stateDirectories: readonly string[];
  readonly streams: CallerStreams;
  /** Whether this process's signals are the job's: not for a trial. */
  readonly forwardSignals: boolean;
  /** Contents that the plan names, by their names there: values of secrets. */
  readonly secrets?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Takes what comes out of the streams that are `pipe`; done when all of it is passed on. */
  readonly passOn?: ((launch: Pick<Launch, "outputs" | "shown">) => Promise<void>) | undefined;
  /** Whether anybody wants to know what the tree used. */
  readonly measuresUsage?: boolean | undefined;
  /** Told each of the launcher's events as it comes, where one of them cannot wait for the end. */
  readonly onEvent?: ((event: LaunchEvent) => void) | undefined;
  /** Who watches the job's calls. */
  readonly watching?: Watching | undefined;
}

/** What was seen. */
export interface CarriedOut {
  readonly events: readonly LaunchEvent[];
  readonly controlGroups: ControlGroupEvidence | undefined;
  /** What the tree used, where that was to be measured and control groups counted it. */
  readonly treeUsage: Usage["tree"];
  /** What a job that lists what it may connect to was given and denied. */
  readonly network: NetworkOutcome | undefined;
  /** The last signal passed on by which the caller asked for an end. */
  readonly asked: string | undefined;
  readonly totalMs: number;
  /** What the job changed in its copy-on-write workspace, for the caller to settle. */
  readonly layer?: Layer | undefined;
}

/** To follow events as they come takes a stream, and few jobs have some that cannot wait. */
function followerOf(
  plan: LauncherPlan,
  { forwardSignals: isCallers, onEvent }: CarryOutContext,
  endSetup: () => void,
): typeof onEvent {
  const hasTerminal = plan.terminal !== "none" && isCallers;
  if (!hasTerminal && plan.setup === undefined) return onEvent;
  return (event) => {
    if (hasTerminal) stopWhenSuspended(event);
    if (event.event === "setup-ended") endSetup();
    onEvent?.(event);
  };
}

function jobName(): string {
  return jobGroupName(Math.floor(Math.random() * 0x1_0000_0000).toString(16));
}

/** @throws CupelError `set-up` where there is no place for it, `refused` for a tree that is too large to copy. */
async function openLayerFor(
  plan: LauncherPlan,
  { host, stateDirectories }: CarryOutContext,
  outside: LayerOwner,
): Promise<Layer | undefined> {
  const step = plan.root.find((candidate) => candidate.step === "overlay" || candidate.step === "copy");
  if (step?.step !== "overlay" && step?.step !== "copy") return undefined;
  const [{ openLayer }, { findLayerPlace }] = await Promise.all([
    import("./open-layer.ts"),
    import("./layer-place.ts"),
  ]);
  const place = findLayerPlace(stateDirectories, host.identity.uid, step.source);
  if (place === undefined) throw new CupelError("set-up", "There is no place for what the job changes");
  const owner = plan.outside === "fresh" ? outside : undefined;
  const isInMemory = step.step === "overlay" && step.sizeBytes !== undefined ? true : undefined;
  const manner = step.step === "overlay" && step.program !== undefined ? "fuse" : step.step;
  return openLayer({ place, workspace: step.source, manner, owner, isInMemory, pinned: host.standing });
}

/** What a launch is given that was made for it. */
type OwnBinding = Pick<LaunchBinding, "outside" | "layer" | "proxy" | "given" | "scratch" | "maker">;

async function withLayer(
  plan: LauncherPlan,
  context: CarryOutContext,
  groups: JobControlGroups | undefined,
): Promise<Omit<CarriedOut, "totalMs">> {
  const outside = outsideIdentity(plan, context.host);
  const layer = await openLayerFor(plan, context, outside);
  try {
    const own = { outside, layer: layer?.path, given: context.secrets };
    return { ...(await withScratch(plan, context, groups, own)), layer };
  } catch (error) {
    if (layer !== undefined) (await import("./remove-tree.ts")).removeTree(layer.path);
    throw error;
  }
}

/** Most plans have none, and load none of this. */
async function withScratch(
  plan: LauncherPlan,
  context: CarryOutContext,
  groups: JobControlGroups | undefined,
  own: OwnBinding,
): Promise<Omit<CarriedOut, "totalMs">> {
  if (plan.confinement === undefined) return withProxy(plan, context, groups, own);
  const { openScratch, closeScratch } = await import("./open-scratch.ts");
  const scratch = openScratch(plan.confinement.scratch, context.stateDirectories, context.host.identity.uid);
  try {
    return await withProxy(plan, context, groups, { ...own, scratch });
  } finally {
    closeScratch(scratch);
  }
}

/** @throws CupelError `usage` for a secret that no header can hold. */
async function injectorFor({ inject }: ProxyPlan, { secrets, host }: CarryOutContext): Promise<Injector | undefined> {
  if (inject === undefined) return undefined;
  const { createInjector } = await import("./network/injector.ts");
  return createInjector(inject, secrets ?? new Map(), host.environment);
}

async function withProxy(
  plan: LauncherPlan,
  context: CarryOutContext,
  groups: JobControlGroups | undefined,
  own: OwnBinding,
): Promise<Omit<CarriedOut, "totalMs">> {
  if (plan.proxy === undefined) return { ...(await withMaker(plan, context, groups, own)), network: undefined };
  const { startProxy } = await import("./network/start-proxy.ts");
  const { host, stateDirectories } = context;
  const { allow, allowInSetup } = plan.proxy;
  const injector = await injectorFor(plan.proxy, context);
  const places = { directories: stateDirectories, uid: host.identity.uid };
  const proxy = await startProxy(allowInSetup ?? allow, places, { injector });
  const given = new Map([...(own.given ?? []), ...(injector?.given ?? [])]);
  try {
    const binding = { ...own, proxy: proxy.path, given };
    const seen = await withMaker(plan, context, groups, binding, () => proxy.allowOnly(allow));
    const isCutOff = seen.events.some(({ event }) => event === "courier-lost");
    return { ...seen, network: { ...(await proxy.close()), isCutOff } };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

/** Most plans have none, and load none of this. */
async function withMaker(
  plan: LauncherPlan,
  context: CarryOutContext,
  groups: JobControlGroups | undefined,
  own: OwnBinding,
  onSetupEnd?: () => void,
): Promise<Omit<CarriedOut, "totalMs" | "network">> {
  if (!isMade(plan)) return follow(plan, context, groups, own, onSetupEnd);
  const { openMaker } = await import("./open-maker.ts");
  const maker = await openMaker(plan, own, context);
  try {
    return await follow(plan, context, groups, { ...own, maker: maker.call }, onSetupEnd);
  } finally {
    maker.close();
  }
}

async function follow(
  plan: LauncherPlan,
  context: CarryOutContext,
  groups: JobControlGroups | undefined,
  own: OwnBinding,
  onSetupEnd: () => void = () => undefined,
): Promise<Omit<CarriedOut, "totalMs" | "network">> {
  const { host, stateDirectories } = context;
  const binding = {
    ...own,
    name: plan.guest === undefined ? undefined : jobName(),
    controlGroups: groups?.directories ?? [],
    rehearsal: false,
    pinned: host.standing,
    architecture: seccompArchitecture(host.architecture),
  };
  const places = { directories: stateDirectories, uid: host.identity.uid };
  const started = Promise.withResolvers<Launch>();
  const onEvent = followerOf(plan, context, () => {
    onSetupEnd();
    void started.promise.then((launch_) => launch_.proceed());
  });
  const stopForwarding = context.forwardSignals ? forwardSignals(started.promise, plan.terminal) : undefined;
  let asked: string | undefined;
  let events: readonly LaunchEvent[];
  try {
    const launch = await startLaunch(plan, binding, places, context.streams, onEvent, context.watching);
    started.resolve(launch);
    [events] = await Promise.all([launch.ended, context.passOn?.(launch)]);
  } finally {
    asked = stopForwarding?.();
  }
  const treeUsage = context.measuresUsage === true && groups !== undefined ? readTreeUsage(groups.counting) : undefined;
  return { events, controlGroups: groups?.read(), treeUsage, asked };
}

/**
 * Runs the plan to its end.
 * @throws CupelError `set-up` where the launcher or a control group cannot be made.
 */
export async function carryOut({ launch }: Plan, context: CarryOutContext): Promise<CarriedOut> {
  const began = performance.now();
  const hasLimits = Object.values(launch.controlGroup).some((value) => value !== undefined);
  if (hasLimits) await reachControlGroups(launch.controlGroup, context.matrix, context.host);
  const groups = hasLimits ? createControlGroups(launch.controlGroup, context.matrix, jobName()) : undefined;
  let seen: Omit<CarriedOut, "totalMs">;
  try {
    seen = await withLayer(launch, context, groups);
  } finally {
    groups?.remove();
  }
  return { ...seen, totalMs: performance.now() - began };
}
