/** A plan: pure data, exactly what a strategy will do for one job. */
import type { GuaranteeDecision, IsolationClass } from "./guarantee.ts";
import type { HeaderInjection, OutputAction, PublishedPort, SeccompProfileName } from "./job.ts";

/** Kinds of namespaces, in the kernel's words (namespaces(7)). */
export type NamespaceKind = "user" | "mount" | "pid" | "ipc" | "uts" | "cgroup" | "network";

/**
 * One step of building the root. Destinations are absolute paths in the new root; parents are made as needed, only on
 * file systems that the launcher itself mounted.
 */
export type RootStep =
  /** The host's entry as it is: a symlink is copied, a file or directory is bound read-only, an absent one skipped. */
  | { readonly step: "mirror"; readonly path: string }
  | {
      readonly step: "bind";
      readonly source: string;
      readonly destination: string;
      readonly writable: boolean;
      /** Called by root: show the source's owner as the job's user, through an idmapped mount. */
      readonly mapOwner: "no" | "if-possible" | "must";
      /** An absent source is skipped. */
      readonly optional: boolean;
    }
  /** A directory of the host with a layer of the job's own above it, where changes go; it must exist. */
  | {
      readonly step: "overlay";
      readonly source: string;
      readonly destination: string;
      readonly mapOwner: "no" | "must";
      /** The layer lies in memory while the job runs, has this size, and is copied to its place then. */
      readonly sizeBytes?: number | undefined;
      /** How many files and directories it may then hold. */
      readonly filesMax?: number | undefined;
      /** Lays the layer where the kernel would not: the path of fuse-overlayfs. Such a layer has no size. */
      readonly program?: string | undefined;
    }
  /** A copy of a directory of the host's, made for the job before it starts; to be changed. */
  | { readonly step: "copy"; readonly source: string; readonly destination: string }
  | {
      readonly step: "tmpfs";
      readonly destination: string;
      readonly mode: number;
      readonly sizeBytes: number;
      /** How many files and directories it may hold; the kernel's own cap where it is absent. */
      readonly filesMax?: number | undefined;
      /** Owned by the job's user (otherwise by whoever builds the root). */
      readonly owned: boolean;
      readonly writable: boolean;
      /** Never written to swap space, where the kernel can promise that. */
      readonly keepsOffSwap?: true | undefined;
    }
  | { readonly step: "directory"; readonly destination: string; readonly mode: number }
  | { readonly step: "file"; readonly destination: string; readonly content: string }
  /** A file of the job's user alone, whose content is given when the plan is carried out: see {@link givenNames}. */
  | { readonly step: "given"; readonly destination: string; readonly content: string }
  | { readonly step: "symlink"; readonly destination: string; readonly target: string }
  /** A fresh procfs of the job's own PID namespace. */
  | { readonly step: "proc"; readonly destination: string }
  /** Makes a path of the new root read-only, in its own mount; an absent one is skipped. */
  | { readonly step: "read-only"; readonly destination: string }
  /** Hides a file behind /dev/null, or a directory behind an empty read-only tmpfs; an absent one is skipped. */
  | { readonly step: "mask"; readonly destination: string }
  /** A minimal /dev: null, zero, full, random, urandom, tty, pts, shm and the usual links. */
  | {
      readonly step: "devices";
      readonly destination: string;
      readonly shmBytes: number;
      readonly shmFilesMax?: number | undefined;
    };

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

/** A program that makes the namespaces and the root in the launcher's place, and starts the launcher inside of them. */
export type MakerPlan =
  /** Its file on the host. */
  | { readonly program: "bubblewrap"; readonly path: string }
  | {
      readonly program: "podman";
      readonly path: string;
      /** What Podman has the container made by, and its file. */
      readonly runtime: "crun" | "runc";
      readonly runtimePath: string;
    }
  /** Its client; where its daemon is, that knows. */
  | { readonly program: "docker"; readonly path: string }
  | {
      readonly program: "systemd-run";
      readonly path: string;
      /** Which manager makes the unit, and the program that tells it of another end. */
      readonly manager: "system" | "user";
      readonly controlPath: string;
    };

/**
 * A program that is a kernel of the job's own. It runs in the sandbox that the launcher makes, beside the job's root, and
 * starts the launcher in that as the job's first process.
 */
export interface GuestPlan {
  readonly program: "gvisor";
  /** What is executed, in the root around the job's; a name follows that nothing else of this host has. */
  readonly command: readonly [string, ...string[]];
  /** The root around the job's, beyond {@link guestPlaces}, which the launcher makes. */
  readonly root: readonly RootStep[];
  /** How long it may take until there is a job. */
  readonly startTimeoutMs: number;
}

/**
 * Where the launcher puts the job's root, and itself, in the root around; and where it finds itself in the job's, until it
 * leaves that place.
 */
export const guestPlaces = { root: "/job", launcher: "/cupel", inside: "/dev/cupel" } as const;

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
