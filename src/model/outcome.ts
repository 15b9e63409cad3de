/** An outcome: what became of a job. */
import type { ArtifactsOutcome } from "./artifact.ts";
import type { EvidenceLevel } from "./capability.ts";
import type { DeniedActs, KernelDenial, NetworkOutcome } from "./denial.ts";
import type { Ending } from "./ending.ts";
import type { GuaranteeDecision, GuaranteeId } from "./guarantee.ts";
import type { ChangeCounts } from "./layer.ts";
import type { OutputCount, Phases, Usage } from "./usage.ts";

/** Version of the outcome's shape. */
export const outcomeSchema = 2;

/** Caps by what they cap; one guarantee may stand for several. */
export const limitNames = [
  "wall",
  "idle",
  "memory",
  "cpus",
  "cpu-time",
  "pids",
  "disk",
  "files",
  "workspace",
  "io-read",
  "io-write",
  "output",
  "open-files",
  "file-size",
  "core",
] as const;

/** One of {@link limitNames}. */
export type LimitName = (typeof limitNames)[number];

/** What became of one cap. */
export interface LimitOutcome {
  readonly name: LimitName;
  /** The guarantee that it is, where it is on the whole tree. */
  readonly id?: GuaranteeId | undefined;
  /** `process`: each process by itself has it, so that a tree may use it up many times (setrlimit(2)). */
  readonly scope: "tree" | "process";
  readonly requested: number;
  readonly stated: boolean;
  readonly enforced: boolean;
  readonly by: string;
}

/** What became of the command that runs before the job's. */
export interface SetupOutcome {
  readonly wallMs: number;
  /** Its exit code; absent where it was ended by a signal, or not started. */
  readonly code?: number | undefined;
  readonly signal?: Ending["signal"];
}

/** A port of the job's that the host reached, and the one that it really was on the host. */
export interface PublishedOutcome {
  readonly address: string;
  readonly port: number;
  readonly jobPort: number;
}

/** A decision, with the weakest evidence among the capabilities that it stands on; it may stand on none. */
export type ReportedDecision = GuaranteeDecision & { readonly level?: EvidenceLevel | undefined };

/** What a job did not have though it was wanted: a demand given up by name, or a default cap that nothing keeps here. */
export interface Degradation {
  readonly id: GuaranteeId;
  readonly reason: string;
}

/** What the job changed in its copy-on-write workspace. */
export interface WorkspaceOutcome {
  /** How it was made: see `LayerStep` of the plan. */
  readonly manner: "overlay" | "fuse" | "copy";
  readonly changes?: ChangeCounts | undefined;
  /** By which the changes are kept, where they are. */
  readonly id?: string | undefined;
  readonly isApplied?: boolean | undefined;
  /** Why the changes could not be read. */
  readonly lost?: string | undefined;
}

/** The whole outcome, as `--result` writes it. */
export interface Outcome extends Ending {
  readonly schema: typeof outcomeSchema;
  /** Exit code of cupel. */
  readonly exitCode: number;
  /** By which `cupel runs` knows it, where it was recorded. */
  readonly run?: string | undefined;
  readonly strategy?: string | undefined;
  /** Id of the report that the choice was made from. */
  readonly report?: string | undefined;
  readonly guarantees: readonly ReportedDecision[];
  /** Demanded guarantees that were given up by name. */
  readonly accepted: readonly GuaranteeId[];
  readonly degraded: readonly Degradation[];
  /** Absent where there was no job to deny anything to. */
  readonly denied?: readonly DeniedActs[] | undefined;
  readonly limits: readonly LimitOutcome[];
  readonly phases?: Phases | undefined;
  readonly usage?: Usage | undefined;
  /** Absent where the job had no list of destinations. */
  readonly network?: NetworkOutcome | undefined;
  /** Absent where nothing runs before the command. */
  readonly setup?: SetupOutcome | undefined;
  /** Absent where none was published. */
  readonly published?: readonly PublishedOutcome[] | undefined;
  readonly output?: readonly OutputCount[] | undefined;
  readonly workspace?: WorkspaceOutcome | undefined;
  readonly artifacts?: ArtifactsOutcome | undefined;
  /** Absent where the job was not traced. The last to happen first. */
  readonly denials?: readonly KernelDenial[] | undefined;
}
