/** Runs every probe at once, each under its deadline, and puts what they found together. */
import type { Capability, Finding, Matrix } from "../model/capability.ts";
import { finding, type Probe, type ProbeContext } from "../probes/_probe.ts";
import { probes as registeredProbes } from "../probes/registry.gen.ts";

/** Ids of all capabilities, derived from the registered probes. */
export type CapabilityId = IdsOf<(typeof registeredProbes)[number]>;

type IdsOf<P> = P extends Probe<infer Id> ? Id : never;

/** Time on top of a probe's own deadline in which it may still answer for itself. */
const overtimeMs = 250;

function unknownFor(probe: Probe, summary: string, result: string): Record<string, Finding> {
  const unknown = finding({
    state: "unknown",
    level: "inferred",
    summary,
    evidence: [{ action: `probe ${probe.id}`, result }],
    blockers: [{ code: "unknown", detail: summary }],
  });
  return Object.fromEntries(Object.keys(probe.capabilities).map((id) => [id, unknown]));
}

/** A cupel that does not run on this platform says so itself; anything else that throws is the probe's own fault. */
function describeCrash(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function runUnderDeadline(probe: Probe, context: ProbeContext): Promise<Readonly<Record<string, Finding>>> {
  const limitMs = probe.deadlineMs + overtimeMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<Record<string, Finding>>((resolve) => {
    timer = setTimeout(() => {
      resolve(unknownFor(probe, `no answer within ${limitMs} ms`, "timeout"));
    }, limitMs);
  });
  try {
    return await Promise.race([probe.run(context), deadline]);
  } catch (error) {
    return unknownFor(probe, "the probe failed", describeCrash(error));
  } finally {
    clearTimeout(timer);
  }
}

async function runProbe(probe: Probe, context: ProbeContext): Promise<Capability[]> {
  const started = performance.now();
  const findings = await runUnderDeadline(probe, context);
  const durationMs = performance.now() - started;
  const found = { ...unknownFor(probe, "the probe did not say", "nothing"), ...findings };
  return Object.entries<string>(probe.capabilities).flatMap(([id, title]) => {
    const one = found[id];
    return one === undefined ? [] : [{ id, title, area: probe.area, probe: probe.id, durationMs, ...one }];
  });
}

/** The matrix of this host in this context. Never throws for what a probe does. */
export async function buildMatrix(context: ProbeContext, probes: readonly Probe[] = registeredProbes): Promise<Matrix> {
  const families = await Promise.all(probes.map((probe) => runProbe(probe, context)));
  return Object.freeze(Object.fromEntries(families.flat().map((capability) => [capability.id, capability])));
}
