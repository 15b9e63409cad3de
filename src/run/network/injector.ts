/** Puts headers with secrets into a job's requests, so that the job never holds them. */
import { connect, createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import type { Socket } from "node:net";
import type { HeaderInjection } from "../../model/job.ts";
import { givenNames } from "../../model/plan.ts";
import { fillIn, parseInjection } from "../secrets/header-injection.ts";
import { createAuthority } from "./certificate.ts";
import { findTrustedAuthorities } from "./trusted-authorities.ts";
import type { HeaderField } from "./http-request.ts";
import { renderHost, type Destination } from "./judge-destination.ts";

/** What it does for one destination. */
export interface InjectedHost {
  readonly fields: readonly HeaderField[];
  /** Shown to the job in the host's place. */
  readonly context: SecureContext;
}

/** Headers for one job's requests. */
export interface Injector {
  /** Contents that the job is given, by their names in its plan. */
  readonly given: ReadonlyMap<string, Uint8Array>;
  /** Undefined for a destination that gets none. */
  find(destination: Destination): InjectedHost | undefined;
  /** The same connection, encrypted; the host has shown that it is the one. @throws an error with a code. */
  encrypt(socket: Socket, destination: Destination): Promise<TLSSocket>;
}

/** So long may the two sides take to agree. */
const handshakeTimeoutMs = 15_000;

/** No other version of HTTP could be read here. */
const protocols = ["http/1.1"];

/** Done once the two sides have agreed. @throws an error with a code. */
function whenSecure(socket: TLSSocket, event: "secure" | "secureConnect"): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const fail = (error: Error): void => {
    clearTimeout(timer);
    socket.destroy();
    // Some that come of TLS have no code of their own.
    reject("code" in error ? error : Object.assign(error, { code: "EPROTO" }));
  };
  const timer = setTimeout(() => fail(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })), handshakeTimeoutMs);
  socket.once("error", fail);
  socket.once("close", () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  socket.once(event, () => {
    clearTimeout(timer);
    resolve(socket);
  });
  return promise;
}

/** The job's side of a connection, decrypted. @throws an error with a code. */
export function acceptJob(socket: Socket, { context }: InjectedHost): Promise<TLSSocket> {
  const secured = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols: protocols });
  return whenSecure(secured, "secure");
}

function keyOf({ host, port }: Destination): string {
  return `${renderHost(host)}:${port}`;
}

function hostsOf(
  injections: readonly HeaderInjection[],
  values: ReadonlyMap<string, Uint8Array>,
): Map<string, { destination: Destination; fields: HeaderField[] }> {
  const hosts = new Map<string, { destination: Destination; fields: HeaderField[] }>();
  for (const injection of injections) {
    const { host, port, header } = parseInjection(injection, "--inject-header");
    const key = keyOf({ host, port });
    const one = hosts.get(key) ?? { destination: { host, port }, fields: [] };
    one.fields.push({ text: header, value: fillIn(injection, values) });
    hosts.set(key, one);
  }
  return hosts;
}

/** One for a job. @throws CupelError `usage` for a secret that no header can hold. */
export function createInjector(
  injections: readonly HeaderInjection[],
  values: ReadonlyMap<string, Uint8Array>,
  environment: Readonly<Record<string, string | undefined>>,
): Injector {
  const hosts = hostsOf(injections, values);
  const authority = createAuthority([...hosts.values()].map(({ destination }) => destination.host));
  const trusted = findTrustedAuthorities(environment);
  const injected = new Map(
    [...hosts].map(([key, { destination, fields }]): [string, InjectedHost] => [
      key,
      { fields, context: createSecureContext(authority.issue(destination.host)) },
    ]),
  );
  return {
    given: new Map([
      [givenNames.authority, Buffer.from(authority.certificate)],
      [givenNames.certificates, Buffer.from(`${trusted ?? ""}\n${authority.certificate}`)],
    ]),
    find: (destination) => injected.get(keyOf(destination)),
    encrypt: (socket, { host }) => {
      const name = host.kind === "name" ? host.name : renderHost(host).replace(/^\[|\]$/g, "");
      const secured = connect({
        socket,
        // An address is compared with the certificate, but never sent as a name (RFC 6066, section 3).
        ...(host.kind === "name" ? { servername: name } : { host: name }),
        ALPNProtocols: protocols,
        ...(trusted === undefined ? {} : { ca: trusted }),
        rejectUnauthorized: true,
      });
      return whenSecure(secured, "secureConnect");
    },
  };
}
