/** Proxies with real servers behind them, and names that lead to those. */
import { afterAll, beforeAll } from "bun:test";
import { createServer, type Server } from "node:net";
import type { NetworkOutcome } from "../../src/model/denial.ts";
import type { Resolve } from "../../src/run/network/connect-destination.ts";
import { startProxy, type Proxy } from "../../src/run/network/start-proxy.ts";
import { answer, echo, listen, open, portOf } from "./proxy-client.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";

/** Whoever runs the tests. */
export const uid = process.geteuid?.() ?? -1;

/** What a name leads to in these tests; every other one to nothing. */
const names: Readonly<Record<string, readonly string[]>> = {
  "a.test": ["127.0.0.1"],
  "metadata.test": ["169.254.169.254"],
  "mixed.test": ["10.255.255.1", "127.0.0.1"],
};

const resolveHere: Resolve = async (name) => {
  const found = names[name];
  if (found === undefined) throw Object.assign(new Error(name), { code: "ENOTFOUND" });
  return found;
};

/** The proxy's services, by the courier's byte. */
export const [http, socks] = [0, 1];

/** What a proxy tells at its end. */
export type Told = Omit<NetworkOutcome, "isCutOff">;

/** Of one that nobody asked for anything. */
export const nothing: Told = { allowed: 0, denied: 0, denials: [] };
/** Of one that connected once. */
export const one: Told = { ...nothing, allowed: 1 };

/** The answer to a CONNECT that is let through. */
export const established = "HTTP/1.1 200 Connection established\r\n\r\n";

/** What the tests of a file share. */
export interface ProxyTrials {
  /** A server that echoes, or one that answers requests. */
  readonly portOf: (server: "echoing" | "answering") => number;
  readonly directory: TempDir;
  readonly startFor: (rules: readonly string[], resolve?: Resolve) => Promise<Proxy>;
  /** One exchange with a proxy of these rules, and what it then tells. */
  readonly exchange: (
    rules: readonly string[],
    service: number,
    text: string | Uint8Array,
    resolve?: Resolve,
  ) => Promise<{ readonly received: string; readonly network: Told }>;
}

/** Starts the servers before the tests of a `describe`, and ends them after. */
export function useProxyTrials(): ProxyTrials {
  const servers: Record<"echoing" | "answering", Server> = { echoing: createServer(), answering: createServer() };
  const directory = makeTempDir();
  beforeAll(async () => {
    servers.echoing = await listen(echo);
    servers.answering = await listen(answer);
  });
  afterAll(() => {
    Object.values(servers).forEach((server) => server.close());
    directory[Symbol.dispose]();
  });
  const startFor: ProxyTrials["startFor"] = (rules, resolve = resolveHere) =>
    startProxy(rules, { directories: [directory.at("state")], uid }, { resolve });
  return {
    portOf: (server) => portOf(servers[server]),
    directory,
    startFor,
    exchange: async (rules, service, text, resolve) => {
      const proxy = await startFor(rules, resolve);
      const received = await open(proxy, service, text, true).received;
      return { received, network: await proxy.close() };
    },
  };
}
