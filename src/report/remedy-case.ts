/** What a row of the remedy table is given, and how it reads the measured detail. */
import type { Blocker, BlockerCode, Capability } from "../model/capability.ts";
import type { Remedy } from "../model/report.ts";
import type { PackageManager } from "./package-names.ts";

/** What commands depend on besides the blocker; what is absent is taken as not known. */
export interface RemedyFacts {
  /** The caller's: root needs no sudo. */
  readonly uid?: number | undefined;
  /** The container engine around cupel (`docker`, `podman`, `kubernetes`, …), if it runs in a container. */
  readonly container?: string | undefined;
  readonly packageManager?: PackageManager | undefined;
  /** Path of the executable that jobs are started with, only if nobody but root can write it or put another in its place. */
  readonly rootOwnedLauncher?: string | undefined;
  /** File of the AppArmor profile that is attached to that very path: a second one would break both. */
  readonly attachedProfile?: string | undefined;
}

/** One blocker of one capability on one host. */
export interface RemedyCase {
  readonly capability: Capability;
  readonly blocker: Blocker;
  readonly facts: RemedyFacts;
  /** `sudo `, or nothing where the caller is root. */
  readonly sudo: string;
}

/** What a row says; the rest is filled in. */
export type RemedyText = Omit<Remedy, "id" | "blocker" | "capability" | "scope">;

/** One row: the first of a blocker's rows whose `when` holds is taken; a row without `when` always holds. */
export interface RemedyRow {
  /** Stable name, this row's alone; see {@link Remedy}. */
  readonly id: string;
  readonly code: BlockerCode;
  /** What is changed, and for how long. */
  readonly scope: string;
  readonly when?: (remedyCase: RemedyCase) => boolean;
  readonly remedy: (remedyCase: RemedyCase) => RemedyText;
}

/** Summary of a row that says that there is no remedy. */
export const nothingHelps = "nothing that cupel knows helps";

/** A remedy that somebody else has to carry out, or that no command line does. */
export function advice(appliedBy: Remedy["appliedBy"], summary: string, risk = ""): RemedyText {
  return { summary, commands: [], engineFlags: [], undo: [], appliedBy, reversible: true, risk };
}

/** A remedy of commands, each of them tried: see test/hosts/remedies.test.ts. */
export function steps(given: Pick<RemedyText, "summary" | "commands" | "appliedBy"> & Partial<RemedyText>): RemedyText {
  return { engineFlags: [], undo: [], reversible: true, risk: "", ...given };
}

/** What whoever starts the container has to add to the engine's command line; `commands` make files that the flags name. */
export function engineFlags(
  summary: string,
  flags: readonly string[],
  { risk = "", commands = [] }: { risk?: string; commands?: readonly string[] } = {},
): RemedyText {
  return { ...advice("host operator", summary, risk), engineFlags: flags, commands };
}

/** Whether cupel runs in a container. */
export function isInContainer({ facts }: RemedyCase): boolean {
  return facts.container !== undefined;
}

/** Who can change the machine itself: its administrator, or whoever runs the host around the container. */
export function machineOwner(remedyCase: RemedyCase): Remedy["appliedBy"] {
  return isInContainer(remedyCase) ? "host operator" : "administrator";
}

/** The sysctl that the detail names: `kernel.unprivileged_userns_clone`. */
export function sysctlIn({ blocker }: RemedyCase): string | undefined {
  return /\b(?:kernel|user|vm|net|fs)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*/u.exec(blocker.detail)?.[0];
}

/** The device that the detail names, or the one that the capability's name implies. */
export function deviceIn({ blocker, capability }: RemedyCase): string | undefined {
  const named = /\/dev\/[\w/-]+/u.exec(blocker.detail)?.[0];
  return named ?? (capability.id.startsWith("kvm.") ? "/dev/kvm" : undefined);
}

/** The resource limit that the detail names, without its prefix: `NPROC`. */
export function resourceLimitIn({ blocker }: RemedyCase): string | undefined {
  return /\bRLIMIT_([A-Z]+)\b/u.exec(blocker.detail)?.[1];
}
