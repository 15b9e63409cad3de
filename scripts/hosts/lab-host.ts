/** A host of the lab, as data: how it is made, and what is true there. One file each in test/hosts. */
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { GuaranteeResult } from "../../src/model/verification.ts";
import type { Architecture } from "../build/native.ts";

/** Kernels that the lab can fetch: of three releases of Debian. */
export type KernelName = "debian-11" | "debian-12" | "debian-13";

/** What is expected of one capability: its state, or for a denial the code of its only blockers. */
export type Expectation =
  "works" | "degraded" | "absent" | "broken" | "unknown" | `${"blocked" | "absent" | "degraded"}: ${string}`;

/** What attacks on each guarantee come to. */
export type Verdicts = Readonly<Record<GuaranteeId, GuaranteeResult["state"]>>;

/** What is true for one caller. Every capability that is named is compared; the others may be as they are. */
export interface CallerTruth {
  readonly capabilities: Readonly<Record<string, Expectation>>;
  /** The strategy of a job without flags; null where every one is refused. */
  readonly chosen: string | null;
  /** Exit code of `cupel doctor`. */
  readonly doctor: 0 | 1 | 3;
  /** Of `cupel verify --quick`, for the chosen strategy; for `process` where none is chosen. Null where it must give up. */
  readonly verdicts: Verdicts | null;
  /** Exit codes of further command lines, run by a shell where `cupel` is in PATH. */
  readonly commands?: Readonly<Record<string, number>> | undefined;
}

/** A remedy that is applied in the host, and what then holds. */
export interface RemedyTrial {
  /** Who finds the capability denied. */
  readonly caller: "root" | "user";
  readonly capability: string;
  /** Id of the remedy that the doctor must propose. Its commands are applied by root as they stand, without sudo. */
  readonly remedy: string;
  /** Exactly the commands that it must propose. */
  readonly commands: readonly string[];
  readonly after: Readonly<Record<string, Expectation>>;
  /** Exactly the commands that are said to take it back; they are applied, too, and the capability is denied again. */
  readonly undo?: readonly string[] | undefined;
}

/** One host. */
export interface LabHost {
  /** One line, for the summary. */
  readonly title: string;
  readonly kernel: KernelName;
  /** Of its processor; `x64` unless told. */
  readonly architecture?: Architecture | undefined;
  /** Further words of the kernel's command line. */
  readonly bootParameters?: string | undefined;
  /** Further features of the processor, as in QEMU's -cpu: `+svm`. */
  readonly cpuFeatures?: string | undefined;
  readonly memoryMib?: number | undefined;
  /** One unless told. With more, the guest's clock is this machine's, and a busy machine makes it miss deadlines. */
  readonly processors?: number | undefined;
  /** Seconds of a processor's that its emulator may use; 600 unless told. */
  readonly processorTimeS?: number | undefined;
  /** Size of an empty ext4 file system on a disk of its own, /dev/vda; no disk unless told. */
  readonly diskMib?: number | undefined;
  /** Modules to load before anything is measured, each with those that it needs. */
  readonly modules?: readonly string[] | undefined;
  /** Debian packages of the kernel's release, unpacked into the root; nothing of them is run by itself. */
  readonly packages?: readonly string[] | undefined;
  /** Whether only these are, which is enough for most, or all that they depend on as well. */
  readonly dependencies?: "named" | "all" | undefined;
  /** What the first process is: a script, or systemd in a Debian of its own, with a manager for the ordinary user. */
  readonly init?: "script" | "systemd" | undefined;
  /** Stay in the initramfs, where the root is ramfs and cannot be pivoted. */
  readonly staysInInitramfs?: boolean | undefined;
  /** Shell lines, as root, when /proc, /sys, /dev and version 2 of control groups are mounted. */
  readonly setUp?: string | undefined;
  /** Shell lines, as root, that put what follows for the ordinary user into its session: control groups, say. */
  readonly userSession?: string | undefined;
  readonly truth: { readonly root?: CallerTruth | undefined; readonly user?: CallerTruth | undefined };
  readonly remedies?: readonly RemedyTrial[] | undefined;
}

/** Declares a host. */
export function defineHost(host: LabHost): LabHost {
  return host;
}
