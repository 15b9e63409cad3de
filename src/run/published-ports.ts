/** The ports that a request publishes, and those that cannot be. */
import { CupelError } from "../model/error.ts";
import { renderIpAddress } from "../model/ip-address.ts";
import type { PublishedPort } from "../model/job.ts";
import { proxyPorts } from "../strategies/_proxy.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { parsePublishedPort } from "./network/published-port.ts";

/** As many as the launcher takes (`published_max`). */
const publishedMax = 32;

/** Why a job that is asked for so has no port to be reached; undefined where it has. */
function obstacleOf({ network, seccomp, allowedHosts }: JobRequest): string | undefined {
  if (seccomp === "strict") return "the seccomp profile strict lets it make no socket";
  if (allowedHosts.length > 0 || network === "none") return undefined;
  if (network === "host") return "it has the host's network, and can be reached there as it is";
  return "it can make no socket";
}

/** Whether the job has a proxy on its loopback. */
function hasProxy({ allowedHosts, setup, setupAllowedHosts }: JobRequest): boolean {
  return allowedHosts.length > 0 || (setup !== undefined && setupAllowedHosts.length > 0);
}

function keyOf({ address, port }: PublishedPort): string {
  return `${renderIpAddress(address)} ${port}`;
}

/** A port of the host's leads to one place. */
function repeatedAmong(ports: readonly PublishedPort[]): PublishedPort | undefined {
  const keys = ports.map(keyOf);
  return ports.find((one, index) => one.port !== 0 && keys.indexOf(keyOf(one)) < index);
}

/** All of them. @throws CupelError `usage`. */
export function resolvePublishedPorts(request: JobRequest): PublishedPort[] {
  const texts = [...new Set(request.publish)];
  const ports = texts.map((text) => parsePublishedPort(text, statedAs(request, "publish", text)));
  const place = statedAs(request, "publish", texts[0]);
  const obstacle = obstacleOf(request);
  if (obstacle !== undefined)
    throw new CupelError("usage", `${place} makes a port of the job's reachable, and ${obstacle}; leave one out`);
  const repeated = repeatedAmong(ports);
  if (repeated !== undefined) {
    throw new CupelError(
      "usage",
      `${place} publishes port ${repeated.port} of ${renderIpAddress(repeated.address)} twice; a port leads to one place`,
    );
  }
  const toProxy = hasProxy(request) ? ports.find(({ jobPort }) => proxyPorts.includes(jobPort)) : undefined;
  if (toProxy !== undefined) {
    throw new CupelError(
      "usage",
      `${place} leads to port ${toProxy.jobPort} of the job's, where cupel's proxy is: whoever came would have what the job may connect to; take another port`,
    );
  }
  if (ports.length > publishedMax)
    throw new CupelError(
      "usage",
      `${place}: at most ${publishedMax} ports can be published, and these are ${ports.length}`,
    );
  return ports;
}
