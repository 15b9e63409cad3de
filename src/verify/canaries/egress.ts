/** Canaries for a job that may connect to listed destinations: one server that it lists, and one that it does not. */
import { proxyFor, proxyVariables } from "../../strategies/_proxy.ts";
import { proxyRequests, proxyRules } from "../proxy-requests.ts";
import { freshToken, type AttackKeys } from "./canary.ts";
import { plantOpenProxy } from "./open-proxy.ts";
import { plantTokenServer, type TokenServer } from "./token-server.ts";

/** They stay for a whole verification: what a job lists is said before it is started. */
export interface Egress {
  /** What the job lists, as flags of `run` say it. */
  readonly allowedHosts: readonly string[];
  /** Where the proxy is inside: cupel's. */
  readonly inside: AttackKeys;
  /** And without a sandbox: one that lets everything through. */
  readonly outside: AttackKeys;
  /** Names of variables that tell the job where the proxy is. */
  readonly variables: readonly string[];
  /** Of the server that is not listed. */
  readonly token: string;
  close(): void;
}

function proxyPorts(httpPort: number, socksPort: number): AttackKeys {
  return { "proxy-port": String(httpPort), "socks-port": String(socksPort) };
}

async function plantServers(token: string, servers: TokenServer[]): Promise<[number, number, number]> {
  servers.push(await plantTokenServer(freshToken(), "127.0.0.1"));
  // At every address that the host has.
  servers.push(await plantTokenServer(token));
  servers.push(await plantOpenProxy());
  const [listed = 0, unlisted = 0, proxy = 0] = servers.map(({ port }) => port);
  return [listed, unlisted, proxy];
}

/** Plants them. @throws the runtime's error where nothing can listen. */
export async function plantEgress(): Promise<Egress> {
  const servers: TokenServer[] = [];
  const close = (): void => servers.forEach((server) => server.close());
  const token = freshToken();
  try {
    const [listed, unlisted, proxy] = await plantServers(token, servers);
    const allowedHosts = proxyRules({ listed, unlisted });
    const requests = proxyRequests({ listed, unlisted });
    const proxyPlan = proxyFor({ allowedHosts });
    return {
      allowedHosts,
      inside: { ...requests, ...proxyPorts(proxyPlan.httpPort, proxyPlan.socksPort) },
      outside: { ...requests, ...proxyPorts(proxy, proxy) },
      variables: Object.keys(proxyVariables(proxyPlan)),
      token,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
