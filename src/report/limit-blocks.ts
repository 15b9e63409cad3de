/** The caps of a plan: what was stated or is applied by default, and how each is kept. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { Matrix } from "../model/capability.ts";
import { describeDecision } from "./guarantee-blocks.ts";
import { count, formatBytes, formatDuration, joinWords, sentence } from "./phrase.ts";
import { heading, item, note } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** Every cap that was stated or is applied by default, and how it is kept. */
export function limitBlocks(job: Job, plan: Plan, matrix: Matrix): Block[] {
  const caps = capsOf(job);
  const disks = diskRateBlocks(plan);
  if (caps.length + disks.length === 0) return [...heading("Limits"), note("None.")];
  const items = caps.map(({ id, text, stated }) => {
    const decision = plan.guarantees.find((candidate) => candidate.id === id);
    const how = decision === undefined ? "not kept: the strategy does not know it" : describeDecision(decision, matrix);
    return item(
      decision?.kept === true ? "works" : "degraded",
      sentence(`${id} (${text}, ${stated ? "stated" : "default"}): ${how}`),
    );
  });
  return [...heading("Limits"), ...items, ...disks];
}

/** No guarantee stands for these: there is a plan only where they are kept. */
function diskRateBlocks({ launch }: Plan): Block[] {
  const { readBytes, writeBytes, disks = [] } = launch.controlGroup.io ?? {};
  const rates = [
    ...(readBytes === undefined ? [] : [`reads ${formatBytes(readBytes)} a second`]),
    ...(writeBytes === undefined ? [] : [`writes ${formatBytes(writeBytes)} a second`]),
  ];
  const where = `${disks.length === 1 ? "disk" : "each of the disks"} ${joinWords(disks)}`;
  return rates.map((rate) =>
    item("works", sentence(`${where} (${rate}, stated): kept: a control group of the job's own (io)`)),
  );
}

interface Cap {
  readonly id: GuaranteeId;
  readonly text: string;
  readonly stated: boolean;
}

/** A cap with its words; nothing for one that nobody asked for. */
function cap(id: GuaranteeId, value: number | undefined, describe: (value: number) => string, stated = true): Cap[] {
  return value === undefined ? [] : [{ id, text: describe(value), stated }];
}

function capsOf({ limits, defaultLimits }: Job): Cap[] {
  const { memoryBytes, pids, graceMs, onOutput = "truncate" } = limits;
  return [
    ...cap("limit.time", limits.timeoutMs, (time) => describeTime(time, graceMs)),
    ...cap("limit.time", limits.idleMs, (time) => `${formatDuration(time)} without output`),
    ...cap("limit.cpu", limits.cpus, (cpus) => count(cpus, "CPU")),
    ...cap("limit.cpu", limits.cpuTimeMs, (time) => `${formatDuration(time)} of CPU time`),
    ...cap("limit.memory", memoryBytes ?? defaultLimits.memoryBytes, formatBytes, memoryBytes !== undefined),
    ...cap(
      "limit.pids",
      pids ?? defaultLimits.pids,
      (processes) => count(processes, "process", "processes"),
      pids !== undefined,
    ),
    ...cap("limit.disk", limits.diskBytes, (bytes) => `${formatBytes(bytes)} in each private file system`),
    ...cap("limit.disk", limits.diskFiles, (files) => `${count(files, "file")} in each private file system`),
    ...cap("limit.disk", limits.layerBytes, (bytes) => `${formatBytes(bytes)} of changes to the workspace`),
    ...cap("limit.output", limits.outputBytes, (bytes) => `${formatBytes(bytes)}, then ${onOutput}`),
  ];
}

function describeTime(timeoutMs: number, graceMs: number): string {
  return `${formatDuration(timeoutMs)}, then SIGTERM and after ${formatDuration(graceMs)} SIGKILL`;
}
