/** `cupel shell`: `run` with a shell for its command, at a terminal of the job's own. */
import { isatty } from "node:tty";
import { CupelError } from "../model/error.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { run } from "./run.ts";

/** Says where one is: read by programs, and by Debian's and Ubuntu's bash for its prompt. */
const marks = ["CUPEL=1", "debian_chroot=cupel", "PS1=(cupel) $ "];

/** The first shell that the sandbox has decides itself there; zsh would first ask how it is to be set up. */
const startShell = `for shell; do
  [ -x "$shell" ] || continue
  case $shell in
    */zsh) PS1='(cupel) %~ %# ' exec "$shell" -f ;;
    *) exec "$shell" ;;
  esac
done
exec /bin/sh`;

function shellCommand(own: string | undefined): string[] {
  const candidates = [...(own?.startsWith("/") === true ? [own] : []), "/bin/bash"];
  return ["/bin/sh", "-c", startShell, "sh", ...candidates];
}

/** Gives the shell's exit code. @throws CupelError `usage`, also where there is no terminal. */
export async function shell({ flags, operands }: CommandLine): Promise<number> {
  const [word] = operands;
  if (word !== undefined) {
    const said = JSON.stringify(word);
    throw new CupelError(
      "usage",
      `cupel shell starts your shell and takes no command, such as ${said}; give that to cupel run`,
    );
  }
  if (!isatty(0)) {
    throw new CupelError(
      "usage",
      "cupel shell needs a terminal, and standard input is not one; give commands to cupel run instead",
    );
  }
  const command = shellCommand(process.env["SHELL"]);
  return run({ flags, operands: command }, (asked) => ({
    ...asked,
    terminal: "private",
    environment: [...marks, ...asked.environment],
  }));
}
