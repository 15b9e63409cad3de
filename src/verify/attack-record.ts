/** What the attacker told of each attack, put together from its lines. Pure. */
import { parseAttackLine, type AttackEnding } from "./attack-line.ts";

/** One thing that an attack got hold of. */
export interface Sighting {
  readonly channel: string;
  readonly value: string;
}

/** One attack, as far as it was told. */
export interface AttackRecord {
  readonly steps: readonly { readonly step: string; readonly result: string }[];
  readonly sightings: readonly Sighting[];
  /** Absent where the attacker's lines end before it does. */
  readonly ending?: AttackEnding | undefined;
  readonly words: string;
}

/** What one run of the attacker gave. */
export interface AttackTranscript {
  /** Whether its first line came: then it was started where it was to run. */
  readonly hasStarted: boolean;
  readonly records: ReadonlyMap<string, AttackRecord>;
  /** What the attacker did not understand; absent where there was nothing. */
  readonly problem?: string | undefined;
}

interface Draft {
  steps: { step: string; result: string }[];
  sightings: Sighting[];
  ending: AttackEnding | undefined;
  words: string;
}

/** Lines that are none are another program's, which shares the sandbox's standard output. */
export function readTranscript(output: string): AttackTranscript {
  const drafts = new Map<string, Draft>();
  let hasStarted = false;
  let problem: string | undefined;
  for (const text of output.split("\n")) {
    const line = parseAttackLine(text);
    if (line === undefined) continue;
    if (line.kind === "hello") hasStarted = true;
    else if (line.kind === "error") problem = `line ${line.line}: ${line.words}`;
    else if (line.kind === "start") drafts.set(line.id, { steps: [], sightings: [], ending: undefined, words: "" });
    else add(drafts.get(line.id), line);
  }
  return { hasStarted, records: drafts, problem };
}

function add(draft: Draft | undefined, line: NonNullable<ReturnType<typeof parseAttackLine>>): void {
  if (draft === undefined) return;
  if (line.kind === "did") draft.steps.push({ step: line.step, result: line.result });
  if (line.kind === "saw") draft.sightings.push({ channel: line.channel, value: line.value });
  if (line.kind === "end") Object.assign(draft, { ending: line.ending, words: line.words });
}

/** What several runs of one attack told together; it ended as the last of them. */
export function mergeRecords(records: readonly AttackRecord[]): AttackRecord | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  return {
    ...last,
    steps: records.flatMap(({ steps }) => steps),
    sightings: records.flatMap(({ sightings }) => sightings),
  };
}

/** Values of `fact NAME=VALUE`, by name; a name may come more than once. */
export function factsOf({ sightings }: AttackRecord): ReadonlyMap<string, readonly string[]> {
  const facts = new Map<string, string[]>();
  for (const { channel, value } of sightings) {
    const at = value.indexOf("=");
    if (channel !== "fact" || at < 0) continue;
    const name = value.slice(0, at);
    facts.set(name, [...(facts.get(name) ?? []), value.slice(at + 1)]);
  }
  return facts;
}
