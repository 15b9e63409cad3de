/** What a job that may connect to listed destinations is given of the proxy: where it is, and the variables that say so. Pure. */
import type { Job } from "../model/job.ts";
import type { ProxyPlan } from "../model/plan.ts";

/** Above those that the kernel gives out by itself (32768 to 60999, ip_local_port_range in ip(7)). */
const ports = { httpPort: 61_080, socksPort: 61_081 } as const;

/** Ports of the job's loopback that a proxy takes. */
export const proxyPorts: readonly number[] = Object.values(ports);

type Listing = Pick<Job, "allowedHosts" | "directPorts" | "setup" | "injections">;

/** The proxy of this job. */
export function proxyFor({ allowedHosts, directPorts, setup, injections }: Listing): ProxyPlan {
  return {
    ...ports,
    ...(directPorts === undefined ? {} : { directPorts }),
    allow: allowedHosts,
    ...(setup === undefined ? {} : { allowInSetup: setup.allowedHosts }),
    ...(injections === undefined ? {} : { inject: injections }),
  };
}

/** The job's own loopback is its own. */
const direct = "localhost,127.0.0.1,::1";

/**
 * Variables by which programs find a proxy, in both spellings since each is all that some look at. `all_proxy` names the one
 * for HTTP, which carries any connection too: clients of Python refuse to start over one for SOCKS that they lack a
 * module for. Node.js looks at them only when it is told to (NODE_USE_ENV_PROXY, from versions 22.21 and 24.5 on).
 */
export function proxyVariables({ httpPort, socksPort }: ProxyPlan): Record<string, string> {
  const http = `http://127.0.0.1:${httpPort}`;
  const lower = {
    http_proxy: http,
    https_proxy: http,
    all_proxy: http,
    socks_proxy: `socks5h://127.0.0.1:${socksPort}`,
    no_proxy: direct,
  };
  const upper = Object.entries(lower).map(([name, value]) => [name.toUpperCase(), value] as const);
  return { ...lower, ...Object.fromEntries(upper), NODE_USE_ENV_PROXY: "1" };
}
