/** Runs programs as a test sees them: everything that they wrote, and how they ended. */
import { until } from "./until.ts";

/** What became of a program. */
export interface Ran {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface ExecuteOptions {
  readonly cwd?: string | undefined;
  /** Exactly these variables. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | Uint8Array | Blob | undefined;
  /** A program that takes longer fails its test. */
  readonly deadlineMs?: number | undefined;
}

/** A program under way; ended, with its whole process group where it leads one, when the test leaves its block. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
  /** What it wrote so far. */
  stdout(): string;
  /** What it said of errors so far. */
  stderr(): string;
  /** Waits until it has written this, and gives all that it wrote by then. */
  wrote(text: string): Promise<string>;
}

const defaultDeadlineMs = 30_000;

/** Starts a program; its standard input is empty unless given. */
export function start(words: readonly string[], options: ExecuteOptions = {}): Running {
  const child = Bun.spawn([...words], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  return follow(child, words[0] ?? "");
}

/** Collects what a child writes, and how it ends. */
export function follow(child: Bun.Subprocess<Bun.SpawnOptions.Writable, "pipe", "pipe">, name: string): Running {
  const printed = { stdout: "", stderr: "" };
  const collect = async (stream: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child[stream]) printed[stream] += decoder.decode(chunk, { stream: true });
  };
  const end = async (): Promise<Ran> => {
    await Promise.all([collect("stdout"), collect("stderr"), child.exited]);
    const signal = child.signalCode === null ? null : String(child.signalCode);
    return { code: signal === null ? child.exitCode : null, signal, ...printed };
  };
  const ended = end();
  return {
    pid: child.pid,
    ended,
    kill: (signal) => child.kill(signal),
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    wrote: (text) =>
      until(`${name} writes ${JSON.stringify(text)}`, () => printed.stdout.includes(text) && printed.stdout),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs a program to its end. @throws where it does not end in time. */
export async function execute(words: readonly string[], options: ExecuteOptions = {}): Promise<Ran> {
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  await using running = start(words, options);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${words.join(" ")}: not ended after ${deadlineMs} ms; so far it wrote ${running.stdout()}`));
  }, deadlineMs);
  try {
    return await Promise.race([running.ended, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
