/** The ports at which a job's connections are taken whatever their address, so that its programs need to know of no proxy. */
import { CupelError } from "../model/error.ts";
import { isInPrefix, renderIpAddress } from "../model/ip-address.ts";
import { proxyPorts } from "../strategies/_proxy.ts";
import { isOfThisJob, statedAs, type JobRequest } from "./job-request.ts";
import { namedPrefix } from "./network/named-addresses.ts";
import { parseDestinationRule, type DestinationRule } from "./network/destination-rule.ts";
import { parsePublishedPort } from "./network/published-port.ts";

/** Where names are looked up. */
const namePort = 53;

/** As many as the launcher listens on (`listeners_max`), less the proxy's own. */
const portsMax = 62;

interface StatedRule {
  readonly rule: DestinationRule;
  /** Where it was stated, and how. */
  readonly place: string;
  readonly text: string;
}

function statedRules(request: JobRequest): StatedRule[] {
  const read = (flag: string, texts: readonly string[]): StatedRule[] =>
    texts.map((text) => {
      const place = statedAs(request, flag, text);
      return { rule: parseDestinationRule(text, place), place, text };
    });
  return [...read("allow-host", request.allowedHosts), ...read("setup-allow-host", request.setupAllowedHosts)];
}

function holdsNamedAddresses(rule: DestinationRule): boolean {
  if (rule.kind === "name" || rule.prefix.address.version !== 4) return false;
  return isInPrefix(rule.prefix.address, namedPrefix) || isInPrefix(namedPrefix.address, rule.prefix);
}

/** What keeps a rule from being kept so, and what to do; undefined where nothing does. */
function obstacleOf({ rule }: StatedRule): string | undefined {
  if (rule.ports === "any") return "each port has to be listened on, and this names none; name those that are meant";
  const own = rule.ports.find((port) => proxyPorts.includes(port));
  if (own !== undefined) return `port ${own} is where cupel's proxy is; leave one out`;
  if (!holdsNamedAddresses(rule)) return undefined;
  const prefix = `${renderIpAddress(namedPrefix.address)}/${namedPrefix.bits}`;
  return `addresses in ${prefix} stand for names there; leave one out`;
}

/** A published port leads to a server of the job's, which could not listen where each connection is taken already. */
function publishedAmong(request: JobRequest, ports: ReadonlySet<number>): string | undefined {
  return request.publish.find((text) =>
    ports.has(parsePublishedPort(text, statedAs(request, "publish", text)).jobPort),
  );
}

/**
 * All of them, in ascending order, that for names among them; undefined where a configuration asks for it and the job lists
 * nothing. @throws CupelError `usage`.
 */
export function resolveDirectPorts(request: JobRequest): number[] | undefined {
  const place = statedAs(request, "transparent-network");
  const rules = statedRules(request);
  if (rules.length === 0 && !isOfThisJob(request, "transparent-network")) return undefined;
  if (rules.length === 0)
    throw new CupelError("usage", `${place} is about a list of destinations; give --allow-host, too, or leave it out`);
  for (const stated of rules) {
    const obstacle = obstacleOf(stated);
    if (obstacle !== undefined)
      throw new CupelError("usage", `${stated.place} ${JSON.stringify(stated.text)} and ${place}: ${obstacle}`);
  }
  const ports = new Set([namePort, ...rules.flatMap(({ rule }) => (rule.ports === "any" ? [] : rule.ports))]);
  if (ports.size > portsMax)
    throw new CupelError(
      "usage",
      `${place} takes lists of at most ${portsMax - 1} ports, and these are ${ports.size - 1}`,
    );
  const published = publishedAmong(request, ports);
  if (published !== undefined) {
    throw new CupelError(
      "usage",
      `${statedAs(request, "publish", published)} leads to a port of the job's that ${place} takes for destinations; take another port`,
    );
  }
  return [...ports].toSorted((one, other) => one - other);
}
