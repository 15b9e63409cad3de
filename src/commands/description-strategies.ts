/** The command about all strategies. */
import type { CommandDescription } from "../report/command-description.ts";
import { helpFlag, jsonFlag, usageCodes } from "./description-parts.ts";

/** `cupel strategies`. */
export const strategiesDescription: CommandDescription = {
  name: "strategies",
  summary: "list the ways to run a job, the preferred first: what each lacks here, what it keeps, what a start costs",
  flags: [
    { name: "measure", description: "start jobs in each that is here, and keep what that took for --prefer fastest" },
    jsonFlag,
    { name: "fresh", description: "probe again instead of using the saved report" },
    helpFlag,
  ],
  exitCodes: [{ code: "0", meaning: "they were listed" }, ...usageCodes],
  examples: ["cupel strategies", "cupel strategies --measure"],
};
