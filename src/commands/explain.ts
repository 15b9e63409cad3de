/** `cupel explain`: what an id means, and what it comes to here. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Host } from "../host/host.ts";
import { capabilityIds } from "../matrix/capability-ids.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import { nearestWord } from "../model/nearest-word.ts";
import type { Report } from "../model/report.ts";
import type { Probe } from "../probes/_probe.ts";
import { probes as registeredProbes } from "../probes/registry.gen.ts";
import { findTopics, listTopics, topicListBlocks } from "../report/explain-topics.ts";
import type { Topic } from "../report/topic.ts";
import { readFingerprintParts } from "../report/fingerprint.ts";
import { layOutBlocks } from "../report/lay-out-blocks.ts";
import { parseReport } from "../report/report-schema.ts";
import { loadSaved } from "../report/saved-report.ts";
import { blank, paragraph, type Block } from "../report/text-block.ts";
import { defaultRequest } from "../run/job-request.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { needsOf, type CapabilityNeed } from "../select/capability-needs.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { descriptions } from "./descriptions.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { matrixOf } from "./prepare-job.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

/** What each exit code means, by command. */
function exitCodes(): Record<string, string[]> {
  const all = descriptions.flatMap(({ name, exitCodes: codes = [] }) =>
    codes.map(({ code, meaning }) => ({ code, meaning: `cupel ${name}: ${meaning}` })),
  );
  const groups = Map.groupBy(all, ({ code }) => code);
  return Object.fromEntries(Array.from(groups, ([code, members]) => [code, members.map(({ meaning }) => meaning)]));
}

/** Everything that can be explained. */
export function allTopics(): Topic[] {
  const probes: readonly Probe[] = registeredProbes;
  const capabilities = Object.assign({}, ...probes.map((probe) => probe.capabilities)) as Record<string, string>;
  return listTopics({ capabilities, strategies, exitCodes: exitCodes(), needsOf: needsHere });
}

function defaultJob(host: Host, directories: readonly string[]): Job {
  return resolveJob(defaultRequest, { host, stateDirectories: directories, tools: undefined });
}

function needsHere(id: string, report: Report): CapabilityNeed[] {
  const host = createRealHost();
  const job = defaultJob(host, stateDirectories(host));
  const unknown = Object.fromEntries(capabilityIds.map((known) => [known, { state: "unknown" } as const]));
  return needsOf(id, strategies, job, { ...unknown, ...matrixOf(report.capabilities) });
}

/** What all topics need together. */
function needsTogether(topics: readonly Topic[]): Topic["needs"] {
  const all = topics.map(({ needs }) => needs);
  if (all.includes("everything")) return "everything";
  const ids = all.filter((needs) => typeof needs !== "string");
  return ids.length === 0 ? "nothing" : [...new Set(ids.flat())];
}

function isEnough(report: Report, needs: Topic["needs"]): boolean {
  if (report.isWhole) return true;
  const ids = report.capabilities.map(({ id }) => id);
  return typeof needs !== "string" && report.strategies.length > 0 && needs.every((id) => ids.includes(id));
}

/** The saved report where it holds and says enough, otherwise one that is measured now. */
async function obtainReport(needs: Topic["needs"], isFresh: boolean): Promise<Report | undefined> {
  if (needs === "nothing") return undefined;
  const host = createRealHost();
  const directories = stateDirectories(host);
  const query = { kind: "report", parse: parseReport, parts: readFingerprintParts(host) } as const;
  const saved = isFresh ? undefined : loadSaved(directories, host.identity.uid, query);
  if (saved?.ok === true && isEnough(saved.value, needs)) return saved.value;
  if (needs === "everything") return measureHost(host, directories, { kind: "whole", deep: false });
  return measureHost(host, directories, {
    kind: "asked",
    job: defaultJob(host, directories),
    capabilities: needs,
    waits: needs.length > 0,
    deep: false,
  });
}

function unknownTopic(id: string, topics: readonly Topic[]): CupelError {
  const ids = [...new Set(topics.filter(({ kind }) => kind !== "exit code").map((topic) => topic.id))];
  const near = nearestWord(id, ids);
  const hint = near === undefined ? "cupel explain lists everything" : `did you mean ${near}?`;
  return new CupelError("usage", `There is nothing called ${JSON.stringify(id)} to explain: ${hint}`);
}

function origin({ id, createdAt }: Report): Block[] {
  return [blank, paragraph(`From report ${id}, made at ${createdAt}.`)];
}

/** Writes it; gives the exit code. @throws CupelError `usage`. */
export async function explain({ flags, operands }: CommandLine): Promise<number> {
  const topics = allTopics();
  const [id] = operands;
  const style = styleOf(1);
  if (id === undefined) {
    writeOutput(layOutBlocks(topicListBlocks(topics), style));
    return 0;
  }
  const found = findTopics(id, topics);
  if (found.length === 0) throw unknownTopic(id, topics);
  const report = await obtainReport(needsTogether(found), flags.has("fresh"));
  const blocks = found.flatMap((topic, index) => [...(index === 0 ? [] : [blank]), ...topic.blocks(report)]);
  writeOutput(layOutBlocks([...blocks, ...(report === undefined ? [] : origin(report))], style));
  return 0;
}
