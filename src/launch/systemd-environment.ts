/** What systemd-run is told of its caller. Pure. */
import { managerEnvironment } from "./own-scope.ts";
import type { SystemdManager } from "./systemd-words.ts";

/** Whose manager it is, by what that one has in the environment. */
export interface UnitCaller {
  readonly uid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The client's environment: what it finds the manager by, and nothing else of the user's. */
export function systemdEnvironment(
  manager: SystemdManager,
  { uid, environment }: UnitCaller,
): Readonly<Record<string, string>> {
  if (manager === "system") return { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  return managerEnvironment({ identity: { uid }, environment });
}
