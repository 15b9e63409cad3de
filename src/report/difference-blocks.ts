/** Differences between two measurements as blocks. */
import { joinWords, sentence } from "./phrase.ts";
import type { Difference, FactChange } from "./compare-snapshots.ts";
import { heading, item, note } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

const marks: Readonly<Record<Difference["change"], Mark>> = { better: "works", worse: "blocked", other: "degraded" };
const changeWords: Readonly<Record<Difference["change"], string>> = {
  better: "; better",
  worse: "; worse",
  other: "",
};

const titles: Readonly<Record<Difference["kind"] | "layer", string>> = {
  selection: "Selection",
  strategy: "Strategies",
  guarantee: "Guarantees",
  layer: "Layers",
  capability: "Capabilities",
};

function titleOf({ kind, id }: Difference): string {
  return titles[kind === "capability" && id.startsWith("layer.") ? "layer" : kind];
}

const unmeasured = "not measured";

/** `ns.network: was works; is blocked (seccomp); worse`. */
export function describeDifference({ id, was, is, change }: Difference): string {
  return `${id}: was ${was ?? unmeasured}; is ${is ?? unmeasured}${changeWords[change]}`;
}

/** One section for each kind. */
export function differenceBlocks(differences: readonly Difference[]): Block[] {
  const groups = Map.groupBy(differences, titleOf);
  return Object.values(titles).flatMap((title) => {
    const members = groups.get(title) ?? [];
    if (members.length === 0) return [];
    return [...heading(title), ...members.map((one) => item(marks[one.change], sentence(describeDifference(one))))];
  });
}

/** What changed on the host: the section that explains the others. */
export function factBlocks(changes: readonly FactChange[], title: string): Block[] {
  if (changes.length === 0) return [];
  return [
    ...heading(title),
    ...changes.map(({ fact, was, is }) => note(sentence(`${fact}: was ${shown(was)}; is ${shown(is)}`))),
  ];
}

function shown(value: string | undefined): string {
  if (value === undefined) return "not there";
  return value === "" ? "empty" : value;
}

/** `3 worse, 1 better and 2 other`; nothing where there is none. */
export function countChanges(differences: readonly Difference[]): string {
  const counts = (["worse", "better", "other"] as const).map((change) => ({
    change,
    amount: differences.filter((one) => one.change === change).length,
  }));
  return joinWords(counts.filter(({ amount }) => amount > 0).map(({ change, amount }) => `${amount} ${change}`));
}
