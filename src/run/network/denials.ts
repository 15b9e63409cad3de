/** What was denied: counted in full, listed as far as there is room for it. */
import type { Denial, NetworkOutcome } from "../../model/denial.ts";

/** So many different ones are listed: a job can ask for as many as it likes. */
const listedMax = 100;

/** One denied connection. */
export type DeniedConnection = Omit<Denial, "count">;

/** Everything that one job was denied. */
export class Denials {
  #allowed = 0;
  #denied = 0;
  readonly #listed = new Map<string, Denial>();

  /** A connection that was made. */
  allow(): void {
    this.#allowed += 1;
  }

  /** One that was not. */
  deny(connection: DeniedConnection): void {
    this.#denied += 1;
    const { host, port, reason, address } = connection;
    const key = JSON.stringify([host, port, reason, address]);
    const count = this.#listed.get(key)?.count ?? 0;
    if (count > 0 || this.#listed.size < listedMax) this.#listed.set(key, { ...connection, count: count + 1 });
  }

  /** All of it, until now. */
  read(): Omit<NetworkOutcome, "isCutOff"> {
    return { allowed: this.#allowed, denied: this.#denied, denials: [...this.#listed.values()] };
  }
}
