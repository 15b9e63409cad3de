/** The README's table of what other sandboxes were seen to hold. Pure. */
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { GuaranteeResult } from "../../src/model/verification.ts";

/** One sandbox, attacked. */
export interface Peer {
  readonly name: string;
  readonly caller: "root" | "user";
  /** The words in front of the program. */
  readonly shown: string;
  readonly version: string;
  readonly guarantees: readonly GuaranteeResult[];
}

const start = "<!-- written by scripts/peers.ts -->";
const end = "<!-- end of what scripts/peers.ts wrote -->";

function cellOf(found: GuaranteeResult | undefined): string {
  switch (found?.state) {
    case undefined:
      return "";
    case "held":
      return "held";
    case "broken":
    case "not-provided":
      return `**no** ${found.brokenBy[0] ?? ""}`.trim();
    case "unknown":
      return "unknown";
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Guarantees that somebody else's sandbox can be told of, by their ids; cupel's own is compared in these alone. */
function comparedIds(peers: readonly Peer[]): GuaranteeId[] {
  const others = peers.filter(({ name }) => name !== "cupel");
  return [...new Set(others.flatMap(({ guarantees }) => guarantees.map(({ id }) => id)))];
}

/** The table, with what was called below it. */
export function renderPeers(peers: readonly Peer[], date: string, kernel: string): string {
  const find = (peer: Peer, id: GuaranteeId) => peer.guarantees.find((guarantee) => guarantee.id === id);
  const rows = comparedIds(peers).map((id) => [`\`${id}\``, ...peers.map((peer) => cellOf(find(peer, id)))]);
  const heads = ["guarantee", ...peers.map(({ name }) => name)];
  const called = peers.map(
    ({ name, caller, version, shown }) =>
      `- ${name}: ${version}, called by ${caller === "root" ? "root" : "an ordinary user"}: \`${shown}\``,
  );
  return [
    `As measured on ${date}, on Linux ${kernel}; **no** names the first attack that broke it (\`cupel verify --list\`).`,
    "",
    row(heads),
    row(heads.map(() => "---")),
    ...rows.map(row),
    "",
    ...called,
  ].join("\n");
}

/** The page with this table in its place. @throws Error where there is none. */
export function putTable(page: string, table: string): string {
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error("README.md has no place for what other sandboxes were seen to hold");
  return `${page.slice(0, from)}${start}\n\n${table}\n\n${page.slice(to)}`;
}
