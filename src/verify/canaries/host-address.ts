/** Addresses of this host that are not the loopback's: what an attack on the network goes for as well. */
import { networkInterfaces } from "node:os";
import type { AttackKeys } from "./canary.ts";

/** As keys for the attacker; none on a host without a network. */
export function findHostAddresses(): AttackKeys {
  const addresses = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
  return addresses.length === 0 ? {} : { addresses: addresses.join("\n") };
}
