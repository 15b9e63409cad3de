/** Programs on a terminal of their own: a real pseudo-terminal, whose foreground process group they are. */
import { readlinkSync } from "node:fs";
import { until } from "./until.ts";

/** A program on a terminal. */
export interface TerminalSession extends AsyncDisposable {
  readonly pid: number;
  /** How it ended: a code of its own, or the signal that ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Types. */
  type(text: string): void;
  /** What the terminal shows so far. */
  text(): string;
  /** Waits until the terminal shows this. */
  shows(text: string): Promise<string>;
  /** Changes its size. */
  resize(columns: number, rows: number): void;
  /** What it is set to, as `stty -g` says it. */
  settings(): string;
  /** Holds back what is written to it, or lets it go on: a reader that is slow (TCXONC, tty_ioctl(2)). */
  hold(isHeld: boolean): void;
  /** Takes the terminal away, as a closed window does. */
  hangUp(): void;
}

/** What a user's keyboard sends. */
export const keys = { interrupt: "\u0003", quit: "\u001c", suspend: "\u001a", endOfFile: "\u0004" } as const;

/** How the program is started. */
export interface TerminalOptions {
  readonly cwd?: string;
  /** Exactly these variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
}

/** Starts a program on a terminal; it is killed when the test leaves its block. */
export function openTerminal(words: readonly string[], { cwd, env, columns = 80 }: TerminalOptions): TerminalSession {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([...words], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { TERM: "xterm", ...env },
    terminal: {
      cols: columns,
      rows: 24,
      data: (_terminal, bytes) => {
        shown += decoder.decode(bytes, { stream: true });
      },
    },
  });
  let device: string | undefined;
  const onDevice = (command: (path: string) => string[]): string => {
    device ??= readlinkSync(`/proc/${child.pid}/fd/0`);
    const { stdout, stderr, success } = Bun.spawnSync(command(device));
    if (!success) throw new Error(stderr.toString());
    return stdout.toString().trim();
  };
  return {
    pid: child.pid,
    ended: child.exited.then(() => {
      const signal = child.signalCode === null ? null : String(child.signalCode);
      return { code: signal === null ? child.exitCode : null, signal };
    }),
    type: (text) => void child.terminal?.write(text),
    text: () => shown,
    shows: (text) => until(`the terminal shows ${JSON.stringify(text)}`, () => shown.includes(text) && shown),
    resize: (wide, high) => child.terminal?.resize(wide, high),
    settings: () => onDevice((path) => ["stty", "-g", "-F", path]),
    hold: (isHeld) =>
      void onDevice((path) => [
        "perl",
        "-e",
        'open(my $t, "+<", shift) or die; ioctl($t, 0x540A, 0 + shift) or die',
        path,
        isHeld ? "0" : "1",
      ]),
    hangUp: () => child.terminal?.close(),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
}
