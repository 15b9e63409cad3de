/** What `cupel self-test` tried, and what became of it. */

/** `unavailable` is no failure: this host has no such sandbox. */
export type SelfTestResult = "passed" | "failed" | "unknown" | "unavailable";

/** One thing that was tried. */
export interface SelfTestStep {
  /** A helper's or a strategy's name. */
  readonly name: string;
  readonly result: SelfTestResult;
  /** One line: what held, or what did not. */
  readonly summary: string;
  readonly durationMs?: number | undefined;
}

/** Whether the default job would run here. */
export type DefaultJobAnswer =
  { readonly runs: true; readonly strategy: string } | { readonly runs: false; readonly couldNotBeTold: boolean };

/** Everything that was tried. */
export interface SelfTest {
  readonly helpers: readonly SelfTestStep[];
  readonly strategies: readonly SelfTestStep[];
  readonly defaultJob: DefaultJobAnswer;
}
