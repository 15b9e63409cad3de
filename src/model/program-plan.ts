/** Other programs that a plan has beside the launcher: one that makes the sandbox in its place, or is the job's kernel. */
import type { RootStep } from "./root-step.ts";

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
  | {
      readonly program: "docker";
      /** Its client; where its daemon is, that knows. */
      readonly path: string;
      /** What the daemon is to have the container made by, if not by its default. */
      readonly runtime?: string | undefined;
      /** Where the daemon listens, if it is one of the caller's in a user namespace; absent for one of root's. */
      readonly rootlessDaemon?: string | undefined;
    }
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
