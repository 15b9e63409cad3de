/** argv → command → exit code. The only place that ends the process. */
import { dispatch } from "./commands/dispatch.ts";
import { say, writeErrors } from "./commands/terminal.ts";
import { callersUmask } from "./host/callers-umask.ts";
import { CupelError, type CupelErrorCode } from "./model/error.ts";

/** EX_USAGE and EX_SOFTWARE of sysexits.h; `run`, `shell` and `plan` keep every code but 124 to 127 free for the job. */
const exitCodes: Readonly<Record<CupelErrorCode, number>> = {
  usage: 64,
  refused: 1,
  "set-up": 70,
  unsupported: 70,
};

const jobCommands = ["run", "shell", "plan"];
const jobFailure = 125;
/** Called by this name, cupel is that command. */
const front = "bwrap";
const bug = 70;

/** Of a sentence that quotes a word of any length, so much is shown of its beginning and its end. */
const shown = { beginning: 1500, end: 400 } as const;

function shortened(message: string): string {
  if (message.length <= shown.beginning + shown.end) return message;
  return `${message.slice(0, shown.beginning)} … ${message.slice(-shown.end)}`;
}

function report(error: unknown): void {
  if (error instanceof CupelError) {
    const message = shortened(error.message);
    say(error.hint === undefined ? message : `${message}\n${error.hint}`);
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeErrors(`cupel: this is a bug in cupel, please report it with what follows\n${stack}\n`);
}

function exitCodeFor(error: unknown, command: string | undefined): number {
  if (command !== undefined && jobCommands.includes(command)) return jobFailure;
  return error instanceof CupelError ? exitCodes[error.code] : bug;
}

function ownWords(): readonly string[] {
  const words = process.argv.slice(2);
  return process.argv0.split("/").at(-1) === front ? [front, ...words] : words;
}

async function main(words: readonly string[]): Promise<number> {
  try {
    // What takes rights from the owner is not heeded: cupel, and what it tries, goes on with what it has made.
    process.umask(callersUmask & 0o077);
    return await dispatch(words);
  } catch (error) {
    report(error);
    return exitCodeFor(error, words[0]);
  }
}

// What is written is written at once, so nothing is under way that an exit could cut off.
void main(ownWords()).then((code) => process.exit(code));
