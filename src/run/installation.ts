/** An executable of cupel's and what was installed with it: `PREFIX/bin/cupel` has its companions below PREFIX. */
import { statSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";

/** Where things lie; all paths are absolute. */
export interface Installation {
  readonly executable: string;
  /** Of the executable. */
  readonly directory: string;
  /** For the helpers; none where the executable does not lie in a `bin`. */
  readonly library: string | undefined;
  /** For the manual page. */
  readonly manuals: string | undefined;
}

/** Places of the installation that an executable is of, by its real path. Pure. */
export function locateInstallation(executable: string): Installation {
  const directory = dirname(executable);
  if (basename(directory) !== "bin") return { executable, directory, library: undefined, manuals: undefined };
  const prefix = dirname(directory);
  return { executable, directory, library: join(prefix, "lib/cupel"), manuals: join(prefix, "share/man/man1") };
}

function refuse(message: string, cause?: unknown): CupelError {
  return new CupelError("refused", message, { cause });
}

/** The status of the executable. @throws CupelError `refused` where it is not there any more. */
export function statExecutable({ executable }: Installation): Stats {
  try {
    return statSync(executable);
  } catch (error) {
    throw refuse(`${executable} is not there any more (${errnoOf(error)}): it cannot be replaced`, error);
  }
}

/** Only its owner replaces it: what another may write is nothing for root to execute. @throws CupelError `refused`. */
export function demandOwner(installation: Installation, uid: number): Stats {
  const stats = statExecutable(installation);
  if (stats.uid === uid || uid < 0) return stats;
  const { executable } = installation;
  const owner = stats.uid === 0 ? "root" : `user ${stats.uid}`;
  throw refuse(`${executable} belongs to ${owner}, so only ${owner} can upgrade it: call cupel upgrade as ${owner}`);
}

/**
 * Another upgrade may have put a new one in place since this process was started. Where the system does not tell what a
 * process runs there is nothing to compare. @throws CupelError `refused`.
 */
export function demandSame(installation: Installation, own = "/proc/self/exe"): void {
  const running = statSync(own, { throwIfNoEntry: false });
  if (running === undefined) return;
  const { dev, ino } = statExecutable(installation);
  if (dev === running.dev && ino === running.ino) return;
  throw refuse(`${installation.executable} was replaced meanwhile, by another upgrade perhaps: call it again`);
}
