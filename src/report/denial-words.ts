/** What a job was denied of the network, in one line that says what would allow it. Pure. */
import type { Denial, NetworkOutcome } from "../model/denial.ts";
import { count, joinWords } from "./phrase.ts";
import { printableText } from "./printable-text.ts";

/** So many are named. */
const named = 3;

/** A name that was looked up, and not found. */
function isName(port: number): boolean {
  return port === 0;
}

/** How many, of what. */
function countOf(denied: number, denials: readonly Denial[]): string {
  const names = denials.filter(({ port, host }) => isName(port) && host !== "").length;
  if (names === 0) return count(denied, "connection");
  return names === denials.length ? count(denied, "name") : `${denied} connections and names`;
}

/** The narrowest rule that would let it through; undefined where none would. */
export function ruleFor({ host, port, reason, address }: Denial): string | undefined {
  if (reason === "malformed" || reason === "sni" || reason === "host-not-proven") return undefined;
  if (isName(port)) return host;
  if (address === undefined) return `${host}:${port}`;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function describeDenial(denial: Denial): string {
  const { host, port, address, kind = "", reason } = denial;
  if (reason === "sni") return `${host}:${port} (${kind})`;
  if (reason === "host-not-proven") return `${host}:${port}, which did not prove to be that host (${kind})`;
  const rule = ruleFor(denial);
  if (rule === undefined) return `a request that is none (${kind})`;
  const led = address === undefined ? "" : `, which leads to ${address} (${kind})`;
  const what = isName(port) ? host : `${host}:${port}`;
  return `${what}${led} (--allow-host ${rule})`;
}

/** The line, where something was denied. */
export function describeDenials({ denied, denials }: NetworkOutcome): string {
  const words = denials.slice(0, named).map(describeDenial);
  const rest = denials.length > named ? [`${denials.length - named} more`] : [];
  return printableText(`the job was denied ${countOf(denied, denials)}: ${joinWords([...words, ...rest])}`, true);
}
