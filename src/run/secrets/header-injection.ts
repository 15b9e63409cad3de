/** Headers that the proxy puts in: `HOST[:PORT]: HEADER: VALUE`, with names of secrets in braces. Pure. */
import { CupelError } from "../../model/error.ts";
import type { HeaderInjection } from "../../model/job.ts";
import { parseDestinationRule } from "../network/destination-rule.ts";
import type { HostName } from "../network/host-name.ts";

/** One header for one destination. */
export interface InjectionRule {
  readonly host: HostName;
  readonly port: number;
  readonly header: string;
  readonly value: string;
}

/** Where no port is stated: what is encrypted. A secret goes out in the clear only to a port that was named. */
const defaultPort = 443;

/** RFC 9110, section 5.6.2. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What a request is read by, or is of one connection alone: none that anybody could want from outside. */
const essential = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const placeholder = /\{(?<name>[^{}]*)\}/g;

/** The parts of a flag's word; `stated` is how it was stated. @throws CupelError `usage`. */
export function splitInjection(text: string, stated: string): HeaderInjection {
  const { host, header, value } = /^(?<host>\S+): (?<header>\S+): (?<value>.*)$/s.exec(text)?.groups ?? {};
  if (host !== undefined && header !== undefined && value !== undefined) return { host, header, value };
  throw new CupelError(
    "usage",
    `${stated} is no header for a host; write it as "api.example.com: Authorization: Bearer {TOKEN}"`,
  );
}

/** Names of secrets that a value has in braces. */
export function namesIn({ value }: Pick<HeaderInjection, "value">): string[] {
  return Array.from(value.matchAll(placeholder), ({ groups }) => groups?.["name"] ?? "");
}

function refuse(stated: string, problem: string): CupelError {
  return new CupelError("usage", `${stated}: ${problem}`);
}

/** Where it is put in. @throws CupelError `usage` for a header that cannot be, or a host that is not one. */
export function parseInjection({ host, header, value }: HeaderInjection, stated: string): InjectionRule {
  const rule = parseDestinationRule(host, stated);
  const isOne =
    rule.kind === "name" ? !rule.hasSubdomains : rule.prefix.bits === (rule.prefix.address.version === 4 ? 32 : 128);
  if (!isOne) throw refuse(stated, `${host} is more than one host; name each that is to get the secret`);
  if (rule.ports === "any") throw refuse(stated, `${host} is every port; name the one that is to get the secret`);
  const isPortStated = rule.ports.length === 1;
  if (!headerName.test(header)) throw refuse(stated, `${JSON.stringify(header)} is no name of a header`);
  if (essential.has(header.toLowerCase()))
    throw refuse(stated, `${header} says how a request is to be read, and cannot be put in`);
  // One byte a character, as heads are read and written.
  if (!/^[\t\x20-\x7e]*$/.test(value)) throw refuse(stated, "a header's value is one line of printable ASCII");
  return {
    host: rule.kind === "name" ? { kind: "name", name: rule.name } : { kind: "address", address: rule.prefix.address },
    port: isPortStated ? (rule.ports[0] ?? defaultPort) : defaultPort,
    header,
    value,
  };
}

/** The header's value, with those of the secrets. @throws CupelError `usage` for one that no header can hold. */
export function fillIn(injection: HeaderInjection, values: ReadonlyMap<string, Uint8Array>): string {
  return injection.value.replace(placeholder, (_match, name: string) => {
    const text = Buffer.from(values.get(name) ?? new Uint8Array())
      .toString("latin1")
      .replace(/\r?\n$/, "");
    if (/^[\t\x20-\x7e\x80-\xff]+$/.test(text)) return text;
    throw new CupelError(
      "usage",
      `the secret ${name} has several lines or unprintable bytes, which no header can hold`,
    );
  });
}
