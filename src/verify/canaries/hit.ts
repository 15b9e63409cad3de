/** What is seen from outside of what an attack did. */

/** Something of the host's that is not as it was, or that something came into. */
export interface Hit {
  /** Which canary: the name of its key. */
  readonly canary: string;
  /** What came or what is there now; an attack that leaves a trace puts its own id into it. */
  readonly text: string;
}
