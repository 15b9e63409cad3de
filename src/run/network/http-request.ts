/**
 * The head of a request to a proxy (RFC 9112): CONNECT, or `http://` in absolute form, which is written anew in origin form.
 * Whatever two programs could read in two ways is refused: what follows behind the proxy must not read another request
 * than the one that was judged. Pure.
 */
import { parseHostName, parsePort } from "./host-name.ts";
import { renderHost, type Destination } from "./judge-destination.ts";

/** How long the content is. */
export type BodyFraming =
  { readonly kind: "none" } | { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" };

/** A request that can be carried out. */
export type HttpRequest =
  | { readonly kind: "tunnel"; readonly destination: Destination }
  /** `head`: what is sent on, one byte a character. */
  | { readonly kind: "forward"; readonly destination: Destination; readonly head: string; readonly body: BodyFraming };

/** A field that is put in: its name as it is to be written, and its value, one byte a character. */
export interface HeaderField {
  readonly text: string;
  readonly value: string;
}

/** A request that is refused, with the status that says so (RFC 9110). */
export interface HttpProblem {
  readonly kind: "problem";
  readonly status: 400 | 431 | 501 | 505;
  readonly problem: string;
}

/** Longest head, and most fields in it. */
export const headBytesMax = 32_768;
const fieldsMax = 128;

interface Field extends HeaderField {
  /** Lower-case. */
  readonly name: string;
}

function problem(words: string, status: HttpProblem["status"] = 400): HttpProblem {
  return { kind: "problem", status, problem: words };
}

/** RFC 9110, section 5.6.2. */
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const requestLine = new RegExp(`^(${token}) ([\\x21-\\x7e]+) HTTP/(\\d\\.\\d)$`);
/** No line is folded, and no control character but a tab stands in a value (RFC 9110, section 5.5). */
const fieldLine = new RegExp(`^(${token}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);

function parseField(line: string): Field | undefined {
  const [, text, value] = fieldLine.exec(line) ?? [];
  if (text === undefined || value === undefined) return undefined;
  return { name: text.toLowerCase(), text, value: value.replace(/[ \t]+$/, "") };
}

/** `host:port`, without anybody's name and password before it. */
function parseAuthority(text: string, defaultPort: number | undefined): Destination | undefined {
  const { name, number } = /^(?<name>\[[^\]]*\]|[^:[\]]*)(?::(?<number>\d*))?$/.exec(text)?.groups ?? {};
  const host = parseHostName(name ?? "");
  const port = number === undefined || number === "" ? defaultPort : parsePort(number);
  return host === undefined || port === undefined ? undefined : { host, port };
}

function isSame(one: Destination, other: Destination): boolean {
  return one.port === other.port && renderHost(one.host) === renderHost(other.host);
}

function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}

/** One that names another host than the target is how one host's answer is had from another (RFC 9112, section 3.2). */
function checkHost(fields: readonly Field[], { destination, defaultPort, version }: Target): HttpProblem | undefined {
  const [host, ...more] = valuesOf(fields, "host");
  if (more.length > 0) return problem("there is more than one Host");
  if (host === undefined) return version === "1.1" && defaultPort === 80 ? problem("Host is missing") : undefined;
  const named = parseAuthority(host, defaultPort);
  return named !== undefined && isSame(named, destination) ? undefined : problem("Host is not the target's");
}

interface Target {
  readonly destination: Destination;
  /** Of a Host that names none. */
  readonly defaultPort: number;
  readonly version: string;
}

/** How a request is written anew. */
interface Rewriting extends Pick<Target, "destination" | "defaultPort"> {
  /** In the place of what it has under these names. */
  readonly injected: readonly HeaderField[];
}

/** What is put in for a destination. */
export type FindFields = (destination: Destination) => readonly HeaderField[];

const nothing: FindFields = () => [];

/** Two ways to say how long the content is are two lengths (RFC 9112, section 6.3). */
function parseFraming(fields: readonly Field[], version: string): BodyFraming | HttpProblem {
  const [length, ...lengths] = valuesOf(fields, "content-length");
  const [encoding, ...encodings] = valuesOf(fields, "transfer-encoding");
  if (lengths.length > 0 || encodings.length > 0 || (length !== undefined && encoding !== undefined))
    return problem("the length of the content is said more than once");
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked" || version !== "1.1")
      return problem("no Transfer-Encoding but chunked is passed on", 501);
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!/^\d{1,15}$/.test(length)) return problem("Content-Length is no number");
  return { kind: "length", bytes: Number(length) };
}

/** Of this connection alone (RFC 9110, section 7.6.1). */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];

/** Fields that the request is read by: taken out because Connection names them, they would make another one of it. */
const essential = ["host", "content-length", "transfer-encoding"];

function namedByConnection(fields: readonly Field[]): string[] {
  return valuesOf(fields, "connection").flatMap((value) => value.split(",").map((name) => name.trim().toLowerCase()));
}

function renderHead(method: string, path: string, fields: readonly Field[], rewriting: Rewriting): string {
  const { destination, defaultPort, injected } = rewriting;
  const replaced = injected.map(({ text }) => text.toLowerCase());
  const dropped = new Set([...hopByHop, ...namedByConnection(fields), ...replaced, "host"]);
  const { port, host } = destination;
  const passed = [...fields.filter(({ name }) => !dropped.has(name)), ...injected];
  const kept = passed.map(({ text, value }) => `${text}: ${value}\r\n`);
  const authority = port === defaultPort ? renderHost(host) : `${renderHost(host)}:${port}`;
  return `${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n${kept.join("")}Connection: close\r\n\r\n`;
}

function parseTunnel(target: string, version: string, fields: readonly Field[]): HttpRequest | HttpProblem {
  const destination = parseAuthority(target, undefined);
  if (destination === undefined) return problem("CONNECT names no host and port");
  const framing = parseFraming(fields, version);
  if (framing.kind === "problem") return framing;
  if (framing.kind === "chunked" || (framing.kind === "length" && framing.bytes > 0))
    return problem("CONNECT has content");
  return checkHost(fields, { destination, defaultPort: destination.port, version }) ?? { kind: "tunnel", destination };
}

const absoluteForm = /^http:\/\/(?<authority>[^/?#]*)(?<path>[/?][^#]*)?$/i;

function parseForward(
  method: string,
  target: string,
  version: string,
  fields: readonly Field[],
  find: FindFields,
): HttpRequest | HttpProblem {
  if (/^https:/i.test(target)) return problem("what is encrypted goes through CONNECT");
  const { authority, path = "/" } = absoluteForm.exec(target)?.groups ?? {};
  const destination = parseAuthority(authority ?? "", 80);
  if (destination === undefined) return problem("the target is not http:// with a host and a path");
  const origin = path.startsWith("/") ? path : `/${path}`;
  return writeAnew(method, origin, fields, { destination, defaultPort: 80, version, injected: find(destination) });
}

function writeAnew(
  method: string,
  path: string,
  fields: readonly Field[],
  target: Target & Rewriting,
): HttpRequest | HttpProblem {
  if (namedByConnection(fields).some((name) => essential.includes(name)))
    return problem("Connection names what the request is read by");
  const wrongHost = checkHost(fields, target);
  if (wrongHost !== undefined) return wrongHost;
  const body = parseFraming(fields, target.version);
  if (body.kind === "problem") return body;
  return { kind: "forward", destination: target.destination, head: renderHead(method, path, fields, target), body };
}

const originForm = /^(?:\/[^#]*|\*)$/;

interface Head {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly Field[];
}

function parseHead(head: string): Head | HttpProblem {
  const [first = "", ...lines] = head.slice(0, -"\r\n\r\n".length).split("\r\n");
  if (lines.length > fieldsMax) return problem("there are too many fields", 431);
  const [, method, target, version] = requestLine.exec(first) ?? [];
  if (method === undefined || target === undefined || version === undefined) return problem("there is no request line");
  if (version !== "1.1" && version !== "1.0") return problem("it is no HTTP/1", 505);
  const fields = lines.map(parseField);
  if (fields.includes(undefined)) return problem("a field is no name and value on one line");
  return { method, target, version, fields: fields.filter((field) => field !== undefined) };
}

/** The request that a whole head is: its lines and the empty one behind them, one byte a character. */
export function parseHttpRequest(text: string, find: FindFields = nothing): HttpRequest | HttpProblem {
  const head = parseHead(text);
  if ("problem" in head) return head;
  const { method, target, version, fields } = head;
  return method === "CONNECT"
    ? parseTunnel(target, version, fields)
    : parseForward(method, target, version, fields, find);
}

/** The same of what comes through a tunnel to `destination`, where a request has to name that host, and no other. */
export function parseTunnelledRequest(
  text: string,
  destination: Destination,
  injected: readonly HeaderField[],
): HttpRequest | HttpProblem {
  const head = parseHead(text);
  if ("problem" in head) return head;
  const { method, target, version, fields } = head;
  if (method === "CONNECT" || !originForm.test(target)) return problem("the target is no path");
  if (valuesOf(fields, "host").length === 0) return problem("Host is missing");
  return writeAnew(method, target, fields, { destination, defaultPort: 443, version, injected });
}

/** The first `bytes` that are a head, once they are there; a problem as soon as they can never be. */
export function findHead(bytes: Buffer): { readonly length: number } | HttpProblem | undefined {
  const end = bytes.subarray(0, headBytesMax).indexOf("\r\n\r\n");
  const head = end < 0 ? bytes : bytes.subarray(0, end);
  // A lone one would be the end of a line to some; the last byte may wait for its other half.
  if (/(?<!\r)\n|\r(?=[^\n])|\0/.test(head.toString("latin1"))) return problem("a line does not end with CR and LF");
  if (end >= 0) return { length: end + "\r\n\r\n".length };
  return bytes.length >= headBytesMax ? problem("the head is too long", 431) : undefined;
}
