/**
 * Starts the launcher with pipes for its control and events, and the caller's own standard streams beside them. The one
 * place where the runtime's own spawning is used when it is there: loading node:child_process costs about 3 ms in Bun,
 * half of a whole run.
 */

/** A started launcher. */
export interface LauncherChild {
  /** Writes to the launcher's control; what cannot be written any more is dropped: its end is told by `exited`. */
  send(bytes: Uint8Array): void;
  /** What the launcher writes on its events, until it ends. */
  readonly events: AsyncIterable<Uint8Array>;
  /** Exit code, or -1 where a signal ended it. */
  readonly exited: Promise<number>;
  kill(): void;
}

/** Descriptors of the caller that the launcher gets as the job's standard streams; -1 is none. */
export type CallerStreams = readonly [number, number, number];

interface BunChild {
  readonly stdin: { write(bytes: Uint8Array): unknown; flush(): unknown; end(): unknown };
  readonly stdout: ReadableStream<Uint8Array>;
  readonly exited: Promise<number>;
  kill(signal: number): void;
}

interface BunRuntime {
  spawn(command: readonly string[], options: Readonly<Record<string, unknown>>): BunChild;
}

function findBun(): BunRuntime | undefined {
  return (globalThis as { Bun?: BunRuntime }).Bun;
}

function inheritOrIgnore(descriptor: number): number | "ignore" {
  return descriptor < 0 ? "ignore" : descriptor;
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

function spawnWithBun(bun: BunRuntime, file: string, streams: CallerStreams): LauncherChild {
  // The job's streams are 3, 4 and 5 there: Bun gives ready-made pipes only for 0 and 1.
  const child = bun.spawn([file, "0", "1", "3", "4", "5"], {
    stdio: ["pipe", "pipe", 2, ...streams.map(inheritOrIgnore)],
    env: {},
    cwd: "/",
  });
  return {
    send: (bytes) => {
      child.stdin.write(bytes);
      child.stdin.flush();
    },
    events: readStream(child.stdout),
    exited: child.exited,
    kill: () => child.kill(9),
  };
}

async function spawnWithNode(file: string, streams: CallerStreams): Promise<LauncherChild> {
  const { spawn } = await import("node:child_process");
  const child = spawn(file, ["3", "3", "0", "1", "2"], {
    stdio: [...streams.map(inheritOrIgnore), "pipe"],
    env: {},
    cwd: "/",
  });
  const control = child.stdio[3] as unknown as import("node:net").Socket;
  // A launcher that has ended takes no more signals; how it ended is told by `exited`.
  control.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    send: (bytes) => void control.write(bytes),
    events: control,
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? -1))),
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * Starts `file` as a launcher with an empty environment.
 * @throws the runtime's error, with `code` EACCES or ENOENT, where the file cannot be executed.
 */
export async function spawnLauncher(file: string, streams: CallerStreams): Promise<LauncherChild> {
  const bun = findBun();
  return bun === undefined ? spawnWithNode(file, streams) : spawnWithBun(bun, file, streams);
}
