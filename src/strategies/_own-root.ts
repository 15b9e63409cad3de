/** The root of the job's own, and who the job is there. */
import { isUsable, type Standings } from "../model/capability.ts";
import { keptBy } from "./_decide.ts";

/** What it takes to make a root. */
export const rootCapabilities = ["ns.mount", "mount.private-root", "mount.setattr", "mount.tmpfs"] as const;

/** Root takes ids that nobody has, and then needs no user namespace; everyone else needs one that has capabilities. */
export function takesFreshIdentity(matrix: Standings): boolean {
  return isUsable(matrix["privilege.drop-identity"]);
}

/** Only what was granted is there. */
export const ownRoot = keptBy("a root of the job's own, with what was granted bound into it", ...rootCapabilities);
