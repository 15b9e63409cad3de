/** A job's processes that are hard to end: in sessions of their own, with another parent, stopped, deaf to signals. */

/** A shell script; `mark` is a word of every process's command line, and a number of seconds to sleep. */
export function stubbornTree(mark: string): string {
  return [
    `setsid sleep ${mark} &`,
    `(setsid sh -c 'sleep ${mark} & sleep ${mark} & wait' &)`,
    `sh -c 'kill -STOP $$' ${mark} &`,
    `trap '' TERM INT HUP`,
    `exec sleep ${mark}`,
  ].join("\n");
}

/** How many of them have the mark. */
export const stubbornTreeSize = 5;
