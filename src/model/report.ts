/** A report: what one host can enforce in one context, and what would be chosen for the default job. */
import type { BlockerCode, Capability, Evidence, LayerKind, Standings } from "./capability.ts";
import type { GuaranteeDecision, GuaranteeId, IsolationClass } from "./guarantee.ts";
import type { StartCost } from "./start-cost.ts";
import type { Trial, TrialVerdict } from "./trial.ts";
import type { VerifiedSet } from "./verification.ts";

/**
 * As much of a report as `run` needs, in a file of its own: a saved report is read at every run, and reading the reasons
 * as well would take longer than starting the job.
 */
export interface Verdict {
  readonly schema: typeof reportSchema;
  /** Id of the whole report. */
  readonly id: string;
  readonly fingerprintParts: Readonly<Record<string, string>>;
  readonly standings: Standings;
  readonly skipped: readonly string[];
  readonly trials: readonly TrialVerdict[];
}

/** Version of the report's shape; a reader ignores every other. */
export const reportSchema = 1;

/** One strategy as the report shows it: whether it is there, and what it keeps for the default job. */
export interface StrategySummary {
  readonly id: string;
  readonly isolation: IsolationClass;
  readonly rank: number;
  readonly summary: string;
  /** Every required capability is usable and its trial passed. */
  readonly available: boolean;
  /** Required capabilities that are not usable here. */
  readonly missing: readonly string[];
  readonly guarantees: readonly GuaranteeDecision[];
}

/** Why a strategy was not taken: the first thing that it lacks. */
export interface Rejection {
  readonly strategy: string;
  readonly reason:
    | { readonly kind: "capability"; readonly capability: string }
    | { readonly kind: "trial"; readonly summary: string }
    | {
        readonly kind: "guarantee";
        readonly guarantee: GuaranteeId;
        readonly because: string;
        readonly missing?: string | undefined;
      }
    | { readonly kind: "isolation"; readonly minimum: IsolationClass }
    /** Verified guarantees are demanded, and this one was not attacked, or the attacks did not tell. */
    | { readonly kind: "not-verified"; readonly guarantee: GuaranteeId }
    /** The caller named another strategy. */
    | { readonly kind: "not-named" }
    /** It would do, but another was preferred. */
    | { readonly kind: "not-preferred" };
}

/** The choice for one job. */
export interface Selection {
  /** Id of the chosen strategy; absent where none is left. */
  readonly chosen?: string | undefined;
  /** Demanded guarantees that the choice does not keep and that the caller gave up by name. */
  readonly accepted: readonly GuaranteeId[];
  readonly rejected: readonly Rejection[];
  /** Where none is left: the one that lacks least. */
  readonly closest?: string | undefined;
}

/** Who can change something, from the nearest: the caller, root here, whoever built the image, whoever runs what is around. */
export const owners = ["you", "administrator", "image author", "host operator"] as const;

/** One of {@link owners}. */
export type Owner = (typeof owners)[number];

/** One layer around a job, with what speaks for it. */
export interface Layer {
  readonly kind: LayerKind;
  /** `firecracker`, `docker`, `Debian GNU/Linux 12`, … */
  readonly name: string;
  readonly evidence: readonly Evidence[];
  /** Who can change what this layer denies. */
  readonly changedBy: Owner;
}

/** What can be done about a blocker. */
export interface Remedy {
  /** Stable name of the table's row: `set-sysctl`. Each row with commands has a test that applies it and sees the probe flip. */
  readonly id: string;
  readonly blocker: BlockerCode;
  readonly capability: string;
  readonly summary: string;
  /** What is changed by it, and for how long. */
  readonly scope: string;
  /** To be pasted as they stand; empty where nothing helps, and where somebody has to do what no tried command does. */
  readonly commands: readonly string[];
  /** For the engine that starts the container around cupel: what its command line has to have. */
  readonly engineFlags: readonly string[];
  /** Takes the commands back; empty where the scope says how it ends. */
  readonly undo: readonly string[];
  readonly appliedBy: Owner;
  readonly reversible: boolean;
  readonly risk: string;
}

/** The whole report. */
export interface Report {
  readonly schema: typeof reportSchema;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly cupel: { readonly version: string; readonly build: string };
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** SHA-256 over {@link fingerprintParts}. */
  readonly fingerprint: string;
  readonly fingerprintParts: Readonly<Record<string, string>>;
  /** Whether every probe was run; otherwise those that something asked for. */
  readonly isWhole: boolean;
  /** Capabilities that were asked for, but whose probes were too slow to wait for. */
  readonly skipped: readonly string[];
  /** Outermost first. */
  readonly layers: readonly Layer[];
  readonly capabilities: readonly Capability[];
  readonly trials: readonly Trial[];
  readonly strategies: readonly StrategySummary[];
  /** For the default job. */
  readonly selection: Selection;
  readonly remedies: readonly Remedy[];
  /** What attacks showed of sandboxes on this host, where any were made (`cupel verify`). */
  readonly verified?: readonly VerifiedSet[] | undefined;
  /** What starts were measured to cost on this host, where they were (`cupel strategies --measure`). */
  readonly startCosts?: readonly StartCost[] | undefined;
  /** Wall time of probes, trials and selection, in milliseconds. */
  readonly durationMs: number;
  /** What the quick probes took together, in milliseconds, and what they may take. */
  readonly quickProbes: { readonly durationMs: number; readonly budgetMs: number };
}
