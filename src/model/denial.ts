/** What jobs were denied, by the network's proxy, by a cap, or by the kernel. */

/** Why a connection was denied. */
export const denialReasons = [
  "host-not-listed",
  "port-not-listed",
  "address-not-listed",
  "sni",
  "malformed",
  "host-not-proven",
] as const;

/** Connections to one destination that were denied, for one reason. */
export interface Denial {
  /** As the job named it; empty where what it said was no request. */
  readonly host: string;
  /** 0 where there was none. */
  readonly port: number;
  readonly reason: (typeof denialReasons)[number];
  /** Where an allowed name led to it, and what it is: `this host's loopback`. */
  readonly address?: string | undefined;
  /**
   * Of a request that was none, or of TLS that asks for another server than the job did: what is wrong with it. Of a host
   * that did not prove itself: the failure's name.
   */
  readonly kind?: string | undefined;
  readonly count: number;
}

/** What a job that may connect to listed destinations was given and denied. */
export interface NetworkOutcome {
  /** The way to the proxy was lost before the job ended, and with it the job's network. */
  readonly isCutOff: boolean;
  /** Connections that were made. */
  readonly allowed: number;
  readonly denied: number;
  /** The denied ones, each destination and reason once; the first hundred. */
  readonly denials: readonly Denial[];
}

/** Kinds of {@link DeniedActs}. */
export const deniedKinds = ["connection", "process", "memory", "system-call"] as const;

/** What was denied to the job and counted: more may have been denied without a word to anybody but the job. */
export interface DeniedActs {
  /** `memory`: processes that the kernel ended; `system-call`: the one that the job ended at. */
  readonly kind: (typeof deniedKinds)[number];
  readonly by: string;
  readonly count: number;
}

/** Something that the kernel refused a job which was traced, and what would have granted it. */
export interface KernelDenial {
  /** The system call. */
  readonly call: string;
  readonly errno: string;
  /** What it was about, if anything: a path, or an address with its port. */
  readonly subject?: string | undefined;
  readonly access: "read" | "write" | "connect" | "call";
  readonly count: number;
  /** The narrowest flags that would grant it; absent where none does, or none is advised. */
  readonly grant?: readonly string[] | undefined;
  /** What is to be known of the grant, or why there is none. */
  readonly note?: string | undefined;
}
