/**
 * What a job may connect to: `api.example.com:443`, `*.example.org`, `10.0.0.0/8:5432`, `[::1]:8080`, `host.example:*`. One
 * grammar for flags and files; what is nearly a rule is answered with the rule that was probably meant. Pure.
 */
import { CupelError } from "../../model/error.ts";
import { parseDomainName, parsePort } from "./host-name.ts";
import { maskAddress, parseIpAddress, renderIpAddress, type AddressPrefix } from "../../model/ip-address.ts";

/** Ports of a rule; `any` is each of them. */
export type RulePorts = "any" | readonly number[];

/** One rule. */
export type DestinationRule =
  /** `hasSubdomains`: every name below it, and not the name itself. */
  | { readonly kind: "name"; readonly name: string; readonly hasSubdomains: boolean; readonly ports: RulePorts }
  | { readonly kind: "addresses"; readonly prefix: AddressPrefix; readonly ports: RulePorts };

/** Where no port is stated. */
const defaultPorts: RulePorts = [80, 443];

/** Shorter prefixes would hold the private networks, this host and the cloud's metadata beside everything else. */
const prefixBitsMin = 8;

/** A problem with a rule, and the rule that was probably meant. */
class RuleProblem {
  readonly problem: string;
  readonly nearest: string | undefined;

  constructor(problem: string, nearest?: string) {
    this.problem = problem;
    this.nearest = nearest;
  }
}

interface Halves {
  readonly host: string;
  /** Behind the last colon, where there is one. */
  readonly port: string | undefined;
}

/** Brackets keep the colons of an IPv6 address apart from the one before the port. */
function splitPort(text: string): Halves {
  const { host = "", port } = /^(?<host>\[[^\]]*\](?:\/\d+)?|[^:]*)(?::(?<port>.*))?$/s.exec(text)?.groups ?? {};
  return { host, port };
}

function parsePorts(port: string | undefined): RulePorts | undefined {
  if (port === undefined) return defaultPorts;
  if (port === "*") return "any";
  const number = parsePort(port);
  return number === undefined ? undefined : [number];
}

function parsePrefix(host: string): AddressPrefix | RuleProblem | undefined {
  const { text, bits } = /^\[?(?<text>[^\]/]*)\]?(?:\/(?<bits>\d{1,3}))?$/.exec(host)?.groups ?? {};
  const address = parseIpAddress(text ?? "");
  if (address === undefined || host.startsWith("[") !== (address.version === 6)) return undefined;
  const longest = address.version === 4 ? 32 : 128;
  const count = bits === undefined ? longest : Number(bits);
  if (count > longest) return new RuleProblem(`a prefix has at most ${longest} bits`);
  if (count < prefixBitsMin)
    return new RuleProblem(
      "a prefix this short holds this host and every private network; name the hosts that are meant",
    );
  const masked = renderIpAddress(maskAddress(address, count));
  if (masked === renderIpAddress(address)) return { address, bits: count };
  return new RuleProblem(
    `the address has bits behind the first ${count}`,
    address.version === 4 ? `${masked}/${count}` : `[${masked}]/${count}`,
  );
}

/** The name as it is looked up, where the runtime knows it: of an international one, or of a whole address of a page. */
function nearestName(text: string): string | undefined {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const candidate = isAddress ? text : `http://${text}`;
  if (!URL.canParse(candidate)) return undefined;
  const { hostname, port, protocol } = new URL(candidate);
  if (parseDomainName(hostname) === undefined) return undefined;
  const stated = port === "" && isAddress ? (protocol === "https:" ? "443" : "80") : port;
  return stated === "" ? hostname : `${hostname}:${stated}`;
}

function problemOfName(text: string, host: string): RuleProblem {
  if (host === "*") return new RuleProblem("* alone would be every name there is; name a domain", "*.example.org");
  if (host.slice(2).includes("*") || (host.includes("*") && !host.startsWith("*.")))
    return new RuleProblem("a * can only be the whole first part of a name", "*.example.org");
  if (parseIpAddress(text)?.version === 6) return new RuleProblem("an IPv6 address goes into brackets", `[${text}]`);
  return new RuleProblem(
    "a host is a name of letters, digits, hyphens and dots, an IPv4 address, or an IPv6 address in brackets",
    nearestName(text),
  );
}

function parseHost(text: string, host: string, ports: RulePorts): DestinationRule | RuleProblem {
  const prefix = parsePrefix(host);
  if (prefix instanceof RuleProblem) return prefix;
  if (prefix !== undefined) return { kind: "addresses", prefix, ports };
  const hasSubdomains = host.startsWith("*.");
  const name = parseDomainName(hasSubdomains ? host.slice(2) : host);
  if (name === undefined) return problemOfName(text, host);
  return { kind: "name", name, hasSubdomains, ports };
}

function parse(text: string): DestinationRule | RuleProblem {
  const { host, port } = splitPort(text);
  const ports = parsePorts(port);
  if (host === "" || /[\s/@]/.test(host.replace(/\/\d+$/, "")) || text.includes("//")) return problemOfName(text, host);
  const rule = parseHost(text, host, ports ?? "any");
  if (rule instanceof RuleProblem) {
    const needsPort = rule.nearest !== undefined && port !== undefined && ports !== undefined;
    const isWhole = rule.nearest?.endsWith(`:${port}`) === true;
    return needsPort && !isWhole ? new RuleProblem(rule.problem, `${rule.nearest}:${port}`) : rule;
  }
  return ports === undefined ? new RuleProblem("a port is a number from 1 to 65535, or *", `${host}:443`) : rule;
}

/** Long enough for any name with its port; what is longer is not repeated in a message. */
const ruleLengthMax = 300;

/** The rule. @throws CupelError `usage` that begins with `name`. */
export function parseDestinationRule(text: string, name: string): DestinationRule {
  const rule = text.length > ruleLengthMax ? new RuleProblem("it is longer than any name") : parse(text);
  if (!(rule instanceof RuleProblem)) return rule;
  // Nothing is proposed that would be refused again.
  const isMeant = rule.nearest !== undefined && !(parse(rule.nearest) instanceof RuleProblem);
  const meant = isMeant ? `; write ${rule.nearest}` : "";
  const shown = JSON.stringify(text.slice(0, ruleLengthMax));
  throw new CupelError("usage", `${name} ${shown} is no destination: ${rule.problem}${meant}`);
}
