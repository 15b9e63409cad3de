/** Many jobs that die in many ways, while their launchers are killed: what came of each, and what was open meanwhile. */
import { readdirSync, writeFileSync } from "node:fs";
import type { BatchOutcome } from "../../src/run/batch-outcome.ts";
import { childrenOf, freshMark, readIfThere, statusField } from "./processes.ts";
import type { InstalledCupel } from "./run-cli.ts";
import type { TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** One way to die, and what is then said of it: `STATUS` or `STATUS CODE`. */
interface Death {
  readonly job: (mark: string, random: () => number) => { readonly line: unknown; readonly said: readonly string[] };
  /** Only where a cap on processes holds. */
  readonly isBomb?: boolean;
}

function shell(script: string, mark: string, limits?: Readonly<Record<string, string>>): unknown {
  return { command: ["sh", "-c", script, mark], ...(limits === undefined ? {} : { limits }) };
}

const signals = { TERM: 15, KILL: 9, ABRT: 6, SEGV: 11, HUP: 1, PIPE: 13, USR1: 10 } as const;

function deathBy(line: (mark: string) => unknown, ...said: readonly string[]): Death {
  return { job: (mark) => ({ line: line(mark), said }) };
}

const deaths: readonly Death[] = [
  {
    job: (mark, random) => {
      const code = Math.floor(random() * 256);
      return { line: shell(`exit ${code}`, mark), said: [`${code === 0 ? "ok" : "nonzero"} ${code}`] };
    },
  },
  {
    job: (mark, random) => {
      const [name, number] = Object.entries(signals)[Math.floor(random() * 7)] ?? ["TERM", 15];
      return { line: shell(`kill -${name} $$`, mark), said: [`signalled ${128 + number}`] };
    },
  },
  deathBy((mark) => shell("kill -KILL -1; exit 3", mark), "nonzero 3"),
  deathBy((mark) => shell(`(setsid sleep ${mark} &); setsid sleep ${mark} & exit 4`, mark), "nonzero 4"),
  deathBy((mark) => shell(`sh -c 'kill -STOP $$' ${mark} & sleep ${mark} & kill -STOP $! & exit 6`, mark), "nonzero 6"),
  deathBy((mark) => ({ command: ["sleep", mark], limits: { timeout: "5ms", grace: "5ms" } }), "timeout-wall 124"),
  deathBy(
    (mark) => shell("trap '' TERM; while :; do :; done", mark, { timeout: "5ms", grace: "1ms" }),
    "timeout-wall 124",
  ),
  deathBy((mark) => shell("yes | head -c 300000; yes >&2", mark, { timeout: "9ms", grace: "1ms" }), "timeout-wall 124"),
  deathBy(() => ({ command: ["cupel-no-such-program"] }), "setup-failed 127"),
  deathBy(() => ({ command: ["/etc/passwd"] }), "setup-failed 126"),
  deathBy(() => "{", "setup-failed 125"),
  deathBy((mark) => ({ command: ["sh", "-c", "echo $0; exec 1>&-; exec 2>&-; exit 8", mark] }), "nonzero 8"),
  {
    isBomb: true,
    ...deathBy(
      (mark) => shell("b() { b | b & }; b 2>/dev/null; exit 5", mark, { timeout: "20ms", grace: "1ms" }),
      "nonzero 5",
      "nonzero 2",
      // Where a control group counts the forks that it refuses.
      "limit-pids 5",
      "limit-pids 2",
      "timeout-wall 124",
    ),
  },
];

/** A number from 0 to 1, the same again for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a soak is. */
export interface SoakOptions {
  readonly jobs: number;
  readonly parallel: number;
  readonly seed: number;
  readonly flags: readonly string[];
  readonly bombs: boolean;
  /** A launcher is killed after a time of up to this. */
  readonly killEveryMs: number;
}

/** What came of it. */
export interface Soaked {
  readonly pid: number;
  readonly mark: string;
  readonly code: number | null;
  readonly stderr: string;
  /** Outcomes for lines that have had one, or that there are not. */
  readonly surplus: number;
  readonly missing: number;
  /** Where a job said something else than its death does; those that were lost with their launcher are not among them. */
  readonly wrong: readonly string[];
  readonly lost: number;
  readonly kills: number;
  readonly seconds: number;
  /** The most that were seen open at once: in cupel, and in one of its launchers. */
  readonly openInCupel: number;
  readonly openInLauncher: number;
}

/** What is said of a job whose launcher, or whose first process, was killed. */
const lostMessages = [
  "the launcher was ended while it had the job",
  "the sandbox's first process died (wait status 9)",
];

/** Ticks off what comes. */
class Tally {
  readonly #expected: readonly (readonly string[])[];
  readonly #seen = new Set<number>();
  surplus = 0;
  lost = 0;
  readonly wrong: string[] = [];

  constructor(expected: readonly (readonly string[])[]) {
    this.#expected = expected;
  }

  take({ line, status, cause, exitCode }: BatchOutcome): void {
    const expected = this.#expected[line - 1];
    if (expected === undefined || this.#seen.has(line)) this.surplus += 1;
    this.#seen.add(line);
    const isLost = status === "setup-failed" && lostMessages.includes(cause.summary);
    if (isLost) this.lost += 1;
    else if (expected?.includes(`${status} ${exitCode}`) !== true)
      this.wrong.push(`line ${line}: ${status} ${exitCode}: ${cause.summary}, not ${expected?.join(" or ")}`);
  }

  /** A set-up of which not even a first launcher comes to be is probed again, whatever it was that ended those. */
  get hasBegun(): boolean {
    return this.#seen.size > 0;
  }

  get missing(): number {
    return this.#expected.length - this.#seen.size;
  }
}

async function readOutcomes(stream: ReadableStream<Uint8Array>, tally: Tally): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tally.take(JSON.parse(line) as BatchOutcome);
  }
  if (rest !== "") throw new Error(`a line that is cut: ${rest}`);
}

function openDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // It has ended, or it is another user's.
    return 0;
  }
}

/** cupel's own children, and those below that are the first of a PID namespace: they live inside, or hold a job. */
function launchersOf(pid: number): number[] {
  const launchers = readIfThere(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  const inside = launchers.flatMap(childrenOf);
  return [...launchers, ...inside.filter((child) => /\s1$/.test(statusField(child, "NSpid")))];
}

/** Kills one after another, from when `hasBegun` says so until told to stop. */
function startKiller(pid: number, everyMs: number, random: () => number, hasBegun: () => boolean) {
  const seen = { kills: 0, openInCupel: 0, openInLauncher: 0 };
  const stopped = new AbortController();
  const kill = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await Bun.sleep(random() * everyMs);
      const launchers = launchersOf(pid);
      seen.openInCupel = Math.max(seen.openInCupel, openDescriptors(pid));
      seen.openInLauncher = Math.max(seen.openInLauncher, ...launchers.map(openDescriptors));
      const victim = launchers[Math.floor(random() * launchers.length)];
      if (victim === undefined || !hasBegun() || stopped.signal.aborted) continue;
      try {
        process.kill(victim, "SIGKILL");
        seen.kills += 1;
      } catch {
        // It has ended by itself.
      }
    }
  };
  const done = kill();
  return {
    stop: async () => {
      stopped.abort();
      await done;
      return seen;
    },
  };
}

/** Runs the batch, in `directory`, to its end. */
export async function soak(
  cupel: InstalledCupel,
  caller: Caller,
  directory: TempDir,
  { jobs, parallel, seed, flags, bombs, killEveryMs }: SoakOptions,
): Promise<Soaked> {
  const random = randomFrom(seed);
  const mark = freshMark();
  const ways = deaths.filter(({ isBomb }) => bombs || isBomb !== true);
  const made = Array.from({ length: jobs }, () => ways[Math.floor(random() * ways.length)]?.job(mark, random));
  const lines = made.map((one) => (typeof one?.line === "string" ? one.line : JSON.stringify(one?.line)));
  writeFileSync(directory.at("jobs.jsonl"), `${lines.join("\n")}\n`);
  const words = [cupel.path, "run", "--batch", directory.at("jobs.jsonl"), "--parallel", String(parallel), ...flags];
  const startedMs = performance.now();
  const child = Bun.spawn([...caller.prefix, ...words], {
    cwd: cupel.workspace(caller),
    env: cupel.environment(caller),
    stdout: "pipe",
    stderr: "pipe",
  });
  const tally = new Tally(made.map((one) => one?.said ?? []));
  const killer = startKiller(child.pid, killEveryMs, random, () => tally.hasBegun);
  const [, stderr] = await Promise.all([readOutcomes(child.stdout, tally), child.stderr.text(), child.exited]);
  const seconds = (performance.now() - startedMs) / 1000;
  const { surplus, missing, wrong, lost } = tally;
  const seen = await killer.stop();
  return {
    pid: child.pid,
    mark,
    code: child.exitCode,
    stderr,
    surplus,
    missing,
    wrong: wrong.slice(0, 20),
    lost,
    seconds,
    ...seen,
  };
}
