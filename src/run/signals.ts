/** Signals by number, Linux (signal(7)), x86-64 and arm64 alike. */

const names: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** `9` → `SIGKILL`; one without a name here: `signal 40`. */
export function signalName(number: number): string {
  return names[number] ?? `signal ${number}`;
}

/** Signals that cupel passes on to the job. */
export const forwardedSignals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
} as const;

/** SIGSTOP and SIGCONT: a job in a session of its own would ignore the terminal's SIGTSTP (setpgid(2), orphaned groups). */
export const stopSignal = 19;

/** See {@link stopSignal}. */
export const continueSignal = 18;
