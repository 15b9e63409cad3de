/** The program behind `cupel bwrap`, in a file that nothing else loads. */
import { helpers } from "./front-helpers.gen.ts";
import { addHelpers } from "./helper-file.ts";

/** Makes it known to `openHelperFiles` and `originalHelper`. */
export function loadFrontHelpers(): void {
  addHelpers(helpers);
}
