/**
 * Addresses that stand for names, for a job whose programs look names up and connect to what they are told: they mean
 * nothing outside, and what is connected to is judged by the name. One job's alone.
 */
import type { Destination } from "./judge-destination.ts";
import { isInPrefix, type AddressPrefix, type IpAddress } from "../../model/ip-address.ts";

/** For measurements (RFC 2544), and in no use where a job could mean it. */
export const namedPrefix: AddressPrefix = { address: { version: 4, bytes: [198, 18, 0, 0] }, bits: 15 };

/** A job can look up as many as it likes below a name that is listed with all that is below it. */
const namesMax = 16_384;

/** Of the names that were denied so many are known, and after that each query is one more. */
const deniedMax = 4096;

/** Which name has which address. */
export class NamedAddresses {
  readonly #names: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #denied = new Set<string>();

  /** The same for a name each time; undefined once there are too many. */
  addressOf(name: string): IpAddress | undefined {
    const known = this.#places.get(name);
    if (known === undefined && this.#names.length === namesMax) return undefined;
    const place = known ?? this.#names.push(name);
    this.#places.set(name, place);
    return { version: 4, bytes: [198, 18, place >> 8, place & 0xff] };
  }

  /** The same destination by its name, where its address stands for one. */
  meantBy({ host, port }: Destination): Destination {
    const name = host.kind === "address" ? this.nameAt(host.address) : undefined;
    return { host: name === undefined ? host : { kind: "name", name }, port };
  }

  /** Whether a name that is denied was denied before: a program asks twice, for each kind of address. */
  isDeniedAgain(name: string): boolean {
    if (this.#denied.has(name)) return true;
    if (this.#denied.size < deniedMax) this.#denied.add(name);
    return false;
  }

  /** The name that it was given to, if it was. */
  nameAt(address: IpAddress): string | undefined {
    if (!isInPrefix(address, namedPrefix)) return undefined;
    const [, second, third = 0, last = 0] = address.bytes;
    return second === 18 ? this.#names[third * 256 + last - 1] : undefined;
  }
}
