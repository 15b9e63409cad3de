/** Control groups of jobs that are over, while others run. */
import { removeDirectory, tryToRemove } from "./control-groups.ts";

const emptyingPauseMs = 10;

/** Groups of jobs that are over, for one who has better to do than to wait until the kernel lets go of each. */
export class EmptyingControlGroups {
  #directories: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Removes those that can be by now, and the others soon: what is left to the next job is left for good if cupel dies. */
  add(directories: readonly string[]): void {
    this.#directories = [...this.#directories, ...directories].filter((directory) => !tryToRemove(directory));
    if (this.#directories.length > 0) this.#timer ??= setTimeout(() => this.#tryAgain(), emptyingPauseMs);
  }

  #tryAgain(): void {
    this.#timer = undefined;
    this.add([]);
  }

  /** Removes the rest, and waits for it. */
  finish(): void {
    clearTimeout(this.#timer);
    for (const directory of this.#directories) removeDirectory(directory);
  }
}
