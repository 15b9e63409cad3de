/** A plan: pure data, exactly what a strategy will do for one job. */
import type { GuaranteeDecision, IsolationClass } from "./guarantee.ts";
import type { HeaderInjection, OutputAction, PublishedPort, SeccompProfileName } from "./job.ts";
import type { GuestPlan, MakerPlan } from "./program-plan.ts";
import type { RootStep } from "./root-step.ts";

/** Kinds of namespaces, in the kernel's words (namespaces(7)). */
export type NamespaceKind = "user" | "mount" | "pid" | "ipc" | "uts" | "cgroup" | "network";

/** Per-process limits that the launcher sets with setrlimit(2). */
export interface ResourceLimits {
  /** RLIMIT_CPU: SIGXCPU then, and SIGKILL a second later. */
  readonly cpuSeconds?: number | undefined;
  /** RLIMIT_FSIZE: SIGXFSZ, or EFBIG where that is ignored. */
  readonly fileBytes?: number | undefined;
  readonly core?: number | undefined;
  readonly openFiles?: number | undefined;
  /** RLIMIT_NPROC: with a user namespace of its own (Linux 5.14) it counts the job's tree and nothing else. */
  readonly processes?: number | undefined;
}

/** Caps kept by a control group of the job's own. */
export interface ControlGroupLimits {
  readonly memoryBytes?: number | undefined;
  readonly pids?: number | undefined;
  readonly cpus?: number | undefined;
  /** Nothing is capped by it: the group is there for the CPU time that it counts. */
  readonly countsCpuTime?: true | undefined;
  /** Bytes a second, on each of these whole disks (MAJOR:MINOR). */
  readonly io?:
    | {
        readonly disks: readonly string[];
        readonly readBytes?: number | undefined;
        readonly writeBytes?: number | undefined;
      }
    | undefined;
}

/** A proxy outside of the job, reached through what listens on the job's own loopback. */
export interface ProxyPlan {
  /** Ports on 127.0.0.1 of the job's own. */
  readonly httpPort: number;
  readonly socksPort: number;
  /** Ports at which it takes what was meant for any address; absent where programs have to know of it. */
  readonly directPorts?: readonly number[] | undefined;
  /** What it lets through, as it was stated: `api.example.com:443`. */
  readonly allow: readonly string[];
  /** What it lets through in the place of that until the set-up command has ended, where there is one. */
  readonly allowInSetup?: readonly string[] | undefined;
  /** Headers that it puts into requests. */
  readonly inject?: readonly HeaderInjection[] | undefined;
}

/**
 * What a plan calls contents that it does not hold itself, but for secrets, which it calls by their own names: none of them
 * has a blank in it.
 */
export const givenNames = {
  authority: "the job's own authority",
  certificates: "authorities that the job trusts",
} as const;

/** A descriptor that the job finds at a number above its standard streams, and can read. */
export interface DescriptorPlan {
  readonly number: number;
  /** As in a step of the kind `given`. */
  readonly content: string;
}

/** What of the caller's own view a confined job may use: to read and execute, to change, or as a device. */
export interface PathRule {
  readonly path: string;
  readonly access: "read" | "write" | "device";
  /** Nothing where it is absent, and a symlink there is followed: what every job has of the host. */
  readonly optional: boolean;
}

/** A job without a root and namespaces of its own: what Landlock leaves it of the caller's view, and nothing more. */
export interface ConfinementPlan {
  readonly rules: readonly PathRule[];
  /** A directory of the job's own on a disk of the host's, made for it and removed with all that is in it. */
  readonly scratch: {
    /** By variable, the directory in it that the variable names. */
    readonly variables: Readonly<Record<string, string>>;
    /** The directory in it where the job starts, in the place of {@link LauncherPlan.directory}. */
    readonly directory?: string | undefined;
  };
}

/** What the launcher does, whole. */
export interface LauncherPlan {
  readonly kind: "launcher";
  /** Absent: the launcher makes the namespaces and the root itself. */
  readonly maker?: MakerPlan | undefined;
  /** Absent: the job runs on the host's kernel. */
  readonly guest?: GuestPlan | undefined;
  readonly namespaces: readonly NamespaceKind[];
  /**
   * Who the job is. `caller` keeps the caller's ids outside; `fresh` takes ids that nobody on the host has, which only
   * root can; supplementary groups are then dropped.
   */
  readonly outside: "caller" | "fresh";
  /** Ids seen inside; needs a user namespace. */
  readonly inside?: { readonly uid: number; readonly gid: number } | undefined;
  /** Empty: the job keeps the caller's view of the file system. */
  readonly root: readonly RootStep[];
  /** In the place of a root. */
  readonly confinement?: ConfinementPlan | undefined;
  readonly hostname?: string | undefined;
  readonly loopbackUp: boolean;
  /** The one way out of the job's own network namespace, where there is one. */
  readonly proxy?: ProxyPlan | undefined;
  /** What the host reaches of the job's own loopback. */
  readonly publish?: readonly PublishedPort[] | undefined;
  /** What runs in the sandbox before the command, and all that it started ends before that starts. */
  readonly setup?: readonly [string, ...string[]] | undefined;
  /** In ascending order of their numbers. */
  readonly descriptors?: readonly DescriptorPlan[] | undefined;
  readonly command: readonly [string, ...string[]];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly resourceLimits: ResourceLimits;
  readonly controlGroup: ControlGroupLimits;
  readonly dropCapabilities: boolean;
  /** Name of the seccomp profile, or `none`. */
  readonly seccomp: SeccompProfileName | "none";
  /** Which sockets can be made: what the profile allows, or none but connected pairs, for which a profile is needed. */
  readonly sockets: "by-profile" | "pairs-only";
  /** Landlock scopes (ABI 6, Linux 6.12): what lies outside the job's domain is out of reach. */
  readonly landlockScopes: readonly ("abstract-unix-socket" | "signal")[];
  /** Landlock denies every bind and connect by TCP (ABI 4, Linux 6.7), whoever made the socket. */
  readonly landlockNetwork?: "denied" | undefined;
  /** Landlock's rights on files, as many as this version of it has, say the same as the root's mounts. */
  readonly landlockVersion?: number | undefined;
  /** `private`: a pseudo-terminal of the job's own, relayed to the caller's, which its standard input must be. */
  readonly terminal: "none" | "private";
  readonly timeoutMs?: number | undefined;
  readonly graceMs: number;
  /** On the tree, by what its control group counts: no job starts with it without {@link ControlGroupLimits.countsCpuTime}. */
  readonly cpuTimeMs?: number | undefined;
  /** Time without output. */
  readonly idleMs?: number | undefined;
  /** What is passed on of all outputs together, and what becomes of a job that writes more. */
  readonly output?: { readonly bytesMax: number; readonly beyond: OutputAction } | undefined;
}

/** One plan: the mechanism, and the guarantees it keeps. */
export interface Plan {
  readonly strategy: string;
  readonly isolation: IsolationClass;
  readonly launch: LauncherPlan;
  readonly guarantees: readonly GuaranteeDecision[];
}
