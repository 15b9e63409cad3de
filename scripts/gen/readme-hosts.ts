/** The hosts of the lab as the README has them: what was found in each, from test/hosts/results.json. */
import { guaranteeIds } from "../../src/model/guarantee.ts";
import type { Caller } from "../hosts/judge.ts";
import type { KernelName } from "../hosts/lab-host.ts";
import type { CallerResult, HostResult } from "../hosts/results.ts";
import { renderTable } from "./readme-table.ts";
import { renderList } from "./wrap-item.ts";

/** A host that was tried. */
export interface TriedHost {
  readonly title: string;
  readonly kernel: KernelName;
  readonly result: HostResult;
}

/** When and with which kernels, then the table. */
export function renderHosts(hosts: readonly TriedHost[]): string {
  const ordered = hosts.toSorted((one, other) => one.title.localeCompare(other.title, "en", { numeric: true }));
  const heads = ["host", "called by", "jobs run in", "held", "caps that hold"];
  const when = ordered.map(({ result }) => result.measuredOn).toSorted();
  const [first = "never", last = first] = [when[0], when.at(-1)];
  const dates = first === last ? `on ${first}` : `from ${first} to ${last}`;
  return [
    `As measured ${dates}; _held_ counts the guarantees that were attacked and held, of ${guaranteeIds.length}. The kernels:\n`,
    renderList(kernelsOf(ordered)),
    renderTable(heads, ordered.flatMap(rowsOf)),
  ].join("\n");
}

// --- internal ---

/** `Debian 11: 5.10.0-32-cloud-amd64`. */
function kernelsOf(hosts: readonly TriedHost[]): string[] {
  const releases = Map.groupBy(hosts, ({ kernel }) => kernel);
  return [...releases].map(([kernel, group]) => {
    const found = [...new Set(group.map(({ result }) => result.release))].toSorted();
    return `${kernel.replace("debian-", "Debian ")}: ${found.join(", ")}`;
  });
}

/** One row for all callers who have the same. */
function rowsOf({ title, result }: TriedHost): string[][] {
  const found = Object.entries(result.callers) as [Caller, CallerResult][];
  const alike = Map.groupBy(found, ([, one]) => JSON.stringify(one));
  return [...alike.values()].flatMap((group) => {
    const callers = group.map(([caller]) => caller).join(", ");
    return group.slice(0, 1).map(([, one]) => [title, callers, placeOf(one), heldOf(one), capsOf(one)]);
  });
}

function placeOf({ chosen, lacks }: CallerResult): string {
  return chosen === null ? `refused: ${lacks ?? "nothing is there"}` : `\`${chosen}\``;
}

function heldOf({ chosen, attacked }: CallerResult): string {
  if (attacked === null) return "not attacked";
  const count = String(attacked.held.length);
  return attacked.strategy === chosen ? count : `${count} in \`${attacked.strategy}\``;
}

function capsOf({ attacked }: CallerResult): string {
  if (attacked === null) return "not attacked";
  const start = "limit.";
  const caps = attacked.held.filter((id) => id.startsWith(start)).map((id) => id.slice(start.length));
  return caps.length === 0 ? "none" : caps.join(", ");
}
