/** The command about what is kept of runs. */
import type { CommandDescription } from "../report/command-description.ts";
import { choice, helpFlag, jsonFlag, text, usageCodes } from "./description-parts.ts";

/** `cupel runs`. */
export const runsDescription: CommandDescription = {
  name: "runs",
  summary: "list the runs that are recorded, show one of them, or remove the old ones",
  operands: [
    {
      value: choice("ACTION", ["show", "prune"]),
      description: "show one, or prune; default: list them all",
      required: false,
    },
    { value: text("ID"), description: "of the run to show, or the beginning of it", required: false },
  ],
  flags: [
    { name: "output", description: "with show: write what the job wrote to standard output, as kept by --keep-output" },
    { name: "errors", description: "with show: the same of standard error" },
    jsonFlag,
    helpFlag,
  ],
  exitCodes: [{ code: "0", meaning: "done" }, ...usageCodes],
  examples: ["cupel runs", "cupel runs show k3f9x2", "cupel runs show k3f9x2 --output", "cupel runs prune"],
};
