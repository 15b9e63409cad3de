/** An outcome: what became of a job. */
import type { ArtifactsOutcome } from "./artifact.ts";
import type { Evidence, EvidenceLevel } from "./capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "./guarantee.ts";
import type { ChangeCounts } from "./layer.ts";

/** Version of the outcome's shape. */
export const outcomeSchema = 2;

/** How jobs end. Which of them a job's end is called is decided by what was seen, see {@link Cause}. */
export const outcomeStatuses = [
  /** The job exited with 0. */
  "ok",
  /** It exited with another code, and no cap was seen to be the reason. */
  "nonzero",
  /** A signal ended it, of its own or of anybody's. */
  "signalled",
  "timeout-wall",
  "timeout-cpu",
  "timeout-idle",
  "out-of-memory",
  /** It failed, and the kernel had refused it a process over its cap. */
  "limit-pids",
  /** It failed, and a file system of its own had no room left. */
  "limit-disk",
  /** It was ended for writing more than it may. */
  "limit-output",
  /** The filter on system calls ended it. */
  "denied-syscall",
  /** It did not start, or cupel failed around it. */
  "setup-failed",
  /** No strategy keeps what was demanded. */
  "refused",
  /** The caller ended it by a signal. */
  "cancelled",
] as const;

/** One of {@link outcomeStatuses}. */
export type OutcomeStatus = (typeof outcomeStatuses)[number];

/** What the end came of, where the status does not say it all: `setup-failed` has several. */
export const causeCodes = [
  "exit",
  "signal",
  "wall-time",
  "cpu-time",
  "no-output",
  "memory",
  "forks-refused",
  "file-system-full",
  "output-size",
  "system-call",
  "caller",
  "demands",
  "program-not-found",
  "program-not-executable",
  "set-up",
  "output-lost",
  "changes-lost",
  "artifacts-missing",
  "first-process-lost",
  "launcher-lost",
] as const;

/** One of {@link causeCodes}. */
export type CauseCode = (typeof causeCodes)[number];

/** Why a job ended as it did. */
export interface Cause {
  readonly code: CauseCode;
  /** One line, about the job: "it exited with 3". */
  readonly summary: string;
  /** What shows that it is this one. */
  readonly evidence: readonly Evidence[];
}

/** How a job ended. */
export interface Ending {
  readonly status: OutcomeStatus;
  readonly cause: Cause;
  /** It is the set-up command that ended so, and the job's own was not started. */
  readonly inSetup?: true | undefined;
  /** The job's own exit code, where it exited. */
  readonly code?: number | undefined;
  /** The signal that ended it. */
  readonly signal?: { readonly name: string; readonly number: number } | undefined;
}

/** What the job's tree used, as far as it was measured. */
export interface Usage {
  readonly wallMs: number;
  /** Of the processes that were waited for (getrusage(2), RUSAGE_CHILDREN): all that a job ended before it did. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak resident memory of the largest process, in bytes (getrusage(2)), not of the tree. */
  readonly maxRssBytes: number;
  /** Of the whole tree, as its control groups counted; absent where there were none, or a kernel does not count it. */
  readonly tree?:
    | {
        readonly cpuMs?: number | undefined;
        readonly peakMemoryBytes?: number | undefined;
        readonly peakPids?: number | undefined;
        /** Absent where no control group of the job's has the controller. */
        readonly io?: DiskTraffic | undefined;
      }
    | undefined;
  /** Of the processes that were waited for: ru_inblock and ru_oublock of getrusage(2), in blocks of 512 bytes. */
  readonly blocks: DiskTraffic;
}

/** What was read from disks and written to them; what the page cache answered is not in it. */
export interface DiskTraffic {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where the time went. There is no queue: a job starts when it is asked for. */
export interface Phases {
  readonly setupMs: number;
  readonly runMs: number;
  readonly teardownMs: number;
}

/** What one of the job's outputs carried; only where cupel relayed it, otherwise nobody counted. */
export interface OutputCount {
  readonly stream: "stdout" | "stderr" | "terminal";
  readonly bytes: number;
  /** Less was passed on, for a cap. */
  readonly isTruncated: boolean;
}

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

/** Why a connection was denied. */
export const denialReasons = [
  "host-not-listed",
  "port-not-listed",
  "address-not-listed",
  "sni",
  "malformed",
  "host-not-proven",
] as const;

/** Connections to one destination that were denied, for one reason. */
export interface Denial {
  /** As the job named it; empty where what it said was no request. */
  readonly host: string;
  /** 0 where there was none. */
  readonly port: number;
  readonly reason: (typeof denialReasons)[number];
  /** Where an allowed name led to it, and what it is: `this host's loopback`. */
  readonly address?: string | undefined;
  /**
   * Of a request that was none, or of TLS that asks for another server than the job did: what is wrong with it. Of a host
   * that did not prove itself: the failure's name.
   */
  readonly kind?: string | undefined;
  readonly count: number;
}

/** What a job that may connect to listed destinations was given and denied. */
export interface NetworkOutcome {
  /** The way to the proxy was lost before the job ended, and with it the job's network. */
  readonly isCutOff: boolean;
  /** Connections that were made. */
  readonly allowed: number;
  readonly denied: number;
  /** The denied ones, each destination and reason once; the first hundred. */
  readonly denials: readonly Denial[];
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

/** Kinds of {@link DeniedActs}. */
export const deniedKinds = ["connection", "process", "memory", "system-call"] as const;

/** What was denied to the job and counted: more may have been denied without a word to anybody but the job. */
export interface DeniedActs {
  /** `memory`: processes that the kernel ended; `system-call`: the one that the job ended at. */
  readonly kind: (typeof deniedKinds)[number];
  readonly by: string;
  readonly count: number;
}

/** Something that the kernel refused a job which was traced, and what would have granted it. */
export interface KernelDenial {
  /** The system call. */
  readonly call: string;
  readonly errno: string;
  /** What it was about, if anything: a path, or an address with its port. */
  readonly subject?: string | undefined;
  readonly access: "read" | "write" | "connect" | "call";
  readonly count: number;
  /** The narrowest flags that would grant it; absent where none does, or none is advised. */
  readonly grant?: readonly string[] | undefined;
  /** What is to be known of the grant, or why there is none. */
  readonly note?: string | undefined;
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
