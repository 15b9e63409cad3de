/** Guarantees and strategies as the README has them: what each strategy itself says of a host where everything works. */
import type { Standing, Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { bareJob } from "./bare-job.ts";
import { renderTable } from "./readme-table.ts";
import { renderList } from "./wrap-item.ts";

/** What they are made of. */
export interface GuaranteeFacts {
  /** Promises by id, in report order. */
  readonly promises: Readonly<Record<GuaranteeId, string>>;
  /** What every job demands. */
  readonly isolationSet: readonly GuaranteeId[];
  readonly strategies: readonly Strategy[];
}

/** The table of promises, and how each strategy keeps them or why not. */
export function renderGuarantees({ promises, isolationSet, strategies }: GuaranteeFacts): string {
  const ordered = strategies.toSorted((one, other) => one.rank - other.rank);
  const decided = ordered.map((strategy) => ({
    strategy,
    decisions: strategy.guarantees(defaultJob, everythingWorks),
  }));
  const ids = Object.keys(promises) as GuaranteeId[];
  const rows = ids.map((id) => [
    `\`${id}\``,
    promises[id],
    isolationSet.includes(id) ? "yes" : "no",
    ...decided.map(({ decisions }) =>
      decisions.some((decision) => decision.id === id && decision.kept) ? "kept" : "no",
    ),
  ]);
  const heads = ["guarantee", "promise", "demanded", ...ordered.map(({ id }) => `\`${id}\``)];
  const ways = decided.map(({ strategy, decisions }) => renderWays(strategy, decisions));
  return [renderTable(heads, rows), ...ways].join("\n");
}

// --- internal ---

/** Whatever a strategy asks for works. */
const everythingWorks: Standings = new Proxy({}, { get: (): Standing => ({ state: "works" }) });

/** A job without flags, in a directory of its own. */
const defaultJob: Job = {
  ...bareJob,
  workspace: { mode: "cow", path: "/srv/project", isStated: false, manner: "overlay", ignore: [], apply: "never" },
  directory: "/srv/project",
  limits: { graceMs: 2000 },
  demands: { required: [], accepted: [], prefer: "fastest" },
};

function renderWays({ id, isolation, rank, summary }: Strategy, decisions: readonly GuaranteeDecision[]): string {
  const kept = decisions.flatMap((one) => (one.kept ? [{ id: one.id, text: one.mechanism }] : []));
  const lost = decisions.flatMap((one) => (one.kept ? [] : [{ id: one.id, text: one.reason }]));
  const head = `**\`${id}\`** (class \`${isolation}\`, rank ${rank}): ${summary}.\n`;
  return [head, renderList([...groupByText("keeps", kept), ...groupByText("does not keep", lost)])].join("\n");
}

function groupByText(verb: string, items: readonly { id: GuaranteeId; text: string }[]): string[] {
  const groups = Map.groupBy(items, ({ text }) => text);
  return Array.from(groups, ([text, group]) => `${verb} ${group.map(({ id }) => `\`${id}\``).join(", ")}: ${text}.`);
}
