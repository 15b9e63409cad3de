/** Takes a trace as it comes, and keeps of it each kind of failure once. */
import { aimsOf, type Aim } from "./attempts.ts";
import { parseFailedCall, type FailedCall } from "./parse-trace.ts";

/** A kind of failure, and how often it was seen. */
export interface Failure {
  readonly call: string;
  readonly errno: string;
  readonly aim: Aim;
  readonly count: number;
}

/** So many kinds are kept: a job that fails in ever new ways must not fill cupel's memory. */
const kindsMax = 10_000;

/** A line that is longer is none of strace's that says anything: PATH_MAX is 4,096, and a byte takes up to four. */
const lineMax = 65_536;

/**
 * The launcher becomes the job behind this call: it sets every signal back, and none may set this one (sigaction(2)).
 * Whatever failed before was a part of setting up.
 */
function isJobsBeginning({ name, parts }: FailedCall): boolean {
  return name === "rt_sigaction" && parts[0] === "SIGSTOP";
}

/** Reads a trace, piece by piece. */
export class TraceReader {
  readonly #directory: string;
  readonly #failures = new Map<string, Failure>();
  /** Processes of the launcher's, but for the one that became the job. */
  readonly #ours = new Set<number>();
  readonly #decoder = new TextDecoder();
  #rest = "";
  #hasBegun = false;

  /** `directory`: the job's working directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    const rest = lines.pop() ?? "";
    this.#rest = rest.length > lineMax ? "" : rest;
    for (const line of lines) this.#take(parseFailedCall(line));
  }

  /** In the order in which they were last seen. */
  failures(): Failure[] {
    return [...this.#failures.values()];
  }

  #take(call: FailedCall | undefined): void {
    if (call === undefined) return;
    if (!this.#hasBegun) {
      this.#hasBegun = isJobsBeginning(call);
      if (this.#hasBegun) this.#ours.delete(call.process);
      else this.#ours.add(call.process);
    } else if (!this.#ours.has(call.process)) {
      for (const aim of aimsOf(call, this.#directory)) this.#note(call, aim);
    }
  }

  #note({ name, errno }: FailedCall, aim: Aim): void {
    const key = JSON.stringify([name, errno, aim]);
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    if (count === 1 && this.#failures.size >= kindsMax) return;
    this.#failures.delete(key);
    this.#failures.set(key, { call: name, errno, aim, count });
  }
}
