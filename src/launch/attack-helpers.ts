/** The programs of the attack suite: a file that no run loads, for they are as large as all others together. */
import { helpers } from "./attack-helpers.gen.ts";
import { addHelpers } from "./helper-file.ts";

/** Makes them known to `openHelperFiles` and `originalHelper`. */
export function loadAttackHelpers(): void {
  addHelpers(helpers);
}
