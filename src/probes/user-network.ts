/** pasta and slirp4netns: a network for who may make none, tried on a network namespace made for it. */
import type { Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { askVersion, findProgram, type SaidVersion } from "./_program.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";
import { judgeNoInterface } from "./_user-network-failure.ts";

/** After this an interface that should be there at once will not come. */
const interfaceDeadlineMs = 2000;

/** How each is told to give the process PID an interface and to stay in the foreground (pasta(1), slirp4netns(1)). */
const programs = {
  // As root it would take nobody's id, and then may not enter the namespace.
  "program.pasta": {
    name: "pasta",
    flags: ["--config-net", "--foreground"],
    asRoot: ["--runas", "0"],
    target: ["PID"],
  },
  "program.slirp4netns": { name: "slirp4netns", flags: ["--configure"], asRoot: [], target: ["PID", "tap0"] },
} as const;

type Id = keyof typeof programs;

const ids = Object.keys(programs) as Id[];

async function run(context: ProbeContext) {
  const found = await Promise.all(ids.map(async (id) => [id, await probeProgram(context, id)] as const));
  const findings = Object.fromEntries(found) as Record<Id, Finding>;
  return findingsFor(ids, (id) => findings[id]);
}

async function probeProgram(context: ProbeContext, id: Id): Promise<Finding> {
  const { name, flags, asRoot, target } = programs[id];
  const version = await askVersion(context.host, findProgram(context.host, name));
  if (!version.ok) return version.finding;
  const words = [...flags, ...(context.host.identity.uid === 0 ? asRoot : []), ...target];
  const attempt = [String(interfaceDeadlineMs), version.path, ...words];
  const result = await context.helpers.probe("attach-network", attempt, interfaceDeadlineMs + 2000);
  return judge(context, version, readSteps(`attach-network ${name}`, result), [name, ...words].join(" "));
}

async function judge(
  context: ProbeContext,
  version: Extract<SaidVersion, { ok: true }>,
  reading: Reading,
  command: string,
): Promise<Finding> {
  const words = { namespaces: "make a network namespace", interface: command, "no-interface": command };
  const evidence = [...version.evidence, ...evidenceOf(reading, words)];
  const errno = errnoAt(reading, "namespaces");
  if (errno !== undefined && errno !== "ok") return judgeStep(context, { step: "user-namespace", errno }, evidence);
  const appeared = reading.steps.get("interface");
  if (appeared !== undefined && reading.trouble === undefined) {
    const summary = `${version.path}: ${version.line}; gave ${appeared.text} to a network namespace that had lo alone`;
    return finding({ state: "works", level: "exercised", summary, evidence, value: version.path });
  }
  const ended = reading.steps.get("ended");
  if (ended !== undefined) return judgeNoInterface(context.host, version.path, ended, evidence);
  return { ...notEstablished(reading, command), evidence };
}

/** Probe `user-network`. */
export default defineProbe({
  id: "user-network",
  area: "programs",
  capabilities: { "program.pasta": "pasta", "program.slirp4netns": "slirp4netns" },
  pace: "slow",
  deadlineMs: 8000,
  run: onLinux(ids, run),
});
