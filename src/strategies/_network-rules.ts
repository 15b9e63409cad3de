/** What a network of the job's own keeps, by the network that the job asks for. */
import { isUsable, type Standings } from "../model/capability.ts";
import { makesSockets, type Job, type JobNetwork } from "../model/job.ts";
import { keptBy, notProvided, type GuaranteeRule } from "./_decide.ts";
import { rootCapabilities } from "./_own-root.ts";

const isolatedNetwork = keptBy("a network namespace with nothing but a loopback", "ns.network");

const noSockets = "the seccomp filter lets no socket be made but connected pairs";

const hiddenPaths = "no path outside the grants is visible (a socket inside a granted directory is granted with it)";

/** On the host's network the abstract sockets of everyone are in reach, unless Landlock scopes them (ABI 6). */
export const socketRules: Readonly<Record<JobNetwork, GuaranteeRule>> = {
  none: keptBy(`${hiddenPaths}; abstract names by network namespace`, ...rootCapabilities, "ns.network"),
  // Landlock's scope is applied too where there is one; the filter is enough.
  "no-sockets": keptBy(`${noSockets}, so none can be connected`, "seccomp.filter"),
  allow: keptBy(`${hiddenPaths}; abstract names by network namespace`, ...rootCapabilities, "ns.network"),
  host: keptBy(`${hiddenPaths}; abstract names by Landlock scope`, ...rootCapabilities, "landlock.scopes"),
};

/** By which network it is alone. */
const ownNetworkRules: Readonly<Record<JobNetwork, GuaranteeRule>> = {
  none: isolatedNetwork,
  "no-sockets": keptBy(
    `${noSockets} (/proc/net still tells of the host's interfaces and connections)`,
    "seccomp.filter",
  ),
  allow: isolatedNetwork,
  host: notProvided("the job has the host's network (--network host)"),
};

/** What a job with a network of its own is given beside its loopback, if anything. */
type Given = "listed" | "listed-in-setup" | "published" | "nothing";

function givenTo({ network, published, setup }: Job): Given {
  if (network === "allow") return "listed";
  if (network !== "none") return "nothing";
  if (setup !== undefined && setup.allowedHosts.length > 0) return "listed-in-setup";
  return published === undefined ? "nothing" : "published";
}

const reasons: Readonly<Record<Exclude<Given, "nothing">, string>> = {
  listed: "the job may connect to the destinations that it lists (--allow-host)",
  "listed-in-setup": "the set-up command may connect to the destinations that it lists (--setup-allow-host)",
  published: "the host reaches ports of the job's (--publish)",
};

/** `net.none`. */
export const noNetwork: GuaranteeRule = (circumstances) => {
  const given = givenTo(circumstances.job);
  return given === "nothing"
    ? ownNetworkRules[circumstances.job.network](circumstances)
    : { kept: false, reason: reasons[given] };
};

const loopbackAlone = "a network namespace with nothing but a loopback,";

/** A job without a list that publishes ports may connect to nothing: that is what is left of `net.none`. */
const destinationRules: Readonly<Record<Given, GuaranteeRule>> = {
  listed: keptBy(`${loopbackAlone} on which a proxy of cupel's takes what is listed, and no more`, "ns.network"),
  "listed-in-setup": keptBy(
    `${loopbackAlone} on which a proxy of cupel's takes what is listed for the set-up command, and nothing once that has ended`,
    "ns.network",
  ),
  published: keptBy(`${loopbackAlone} to which connections come in, and out of which none lead`, "ns.network"),
  nothing: notProvided("the job lists no destinations (--allow-host)"),
};

/** `net.allowlist`. */
export const listedDestinations: GuaranteeRule = (circumstances) =>
  destinationRules[givenTo(circumstances.job)](circumstances);

/** `net.loopback`. */
export const loopback: GuaranteeRule = (circumstances) => {
  const { job } = circumstances;
  if (job.network === "host") return ownNetworkRules.host(circumstances);
  if (!makesSockets(job)) return { kept: false, reason: "the job can make no socket that would use it" };
  return isolatedNetwork(circumstances);
};

/** A caller may have given `net.none` or `net.allowlist` up by name; what cannot be made is then left out. */
export function hasOwnNetwork(job: Job, matrix: Standings): boolean {
  return (job.network === "none" || job.network === "allow") && isUsable(matrix["ns.network"]);
}
