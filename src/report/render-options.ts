/** What the formats of a report may be told; each takes what it can use. */
import type { DemandVerdict } from "../model/demand.ts";
import type { Report } from "../model/report.ts";
import type { TerminalStyle } from "./terminal-style.ts";

/** The same for every format. How much is shown never changes a verdict. */
export interface RenderOptions {
  /** For text: width, colour and letters. */
  readonly style: TerminalStyle;
  /** For text: every capability on its own line, every reason, every trial's evidence. */
  readonly all: boolean;
  /** For text: the verdict alone. */
  readonly brief?: boolean | undefined;
  /** For text: only these capabilities or families of them, in every detail. */
  readonly capabilities?: readonly string[] | undefined;
  /** What was asked of this host and whether it holds; the demands of the default job where nothing is given. */
  readonly demands?: readonly DemandVerdict[] | undefined;
  /** The file that makes the demands, relative to the root of the repository: a policy, a job, a workflow. */
  readonly location?: string | undefined;
  /** For labels: how long they hold after the report was made, in seconds; a day unless told. */
  readonly lifetimeSeconds?: number | undefined;
}

/** A format's way to write a report: pure. */
export type RenderReport = (report: Report, options: RenderOptions) => string;
