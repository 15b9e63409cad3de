/** Every command and flag, as data: parsing, usage and completion are all made from it. */
import type { CommandDescription } from "../report/command-description.ts";
import { applyDescription, changesDescription, discardDescription } from "./descriptions-changes.ts";
import { bwrapDescription } from "./description-bwrap.ts";
import { planDescription, runDescription, shellDescription } from "./descriptions-job.ts";
import { runsDescription } from "./description-runs.ts";
import {
  checkDescription,
  diffDescription,
  doctorDescription,
  explainDescription,
  lockDescription,
  schemaDescription,
} from "./descriptions-report.ts";
import { strategiesDescription } from "./description-strategies.ts";
import { verifyDescription } from "./description-verify.ts";
import {
  cleanDescription,
  completionDescription,
  initDescription,
  selfTestDescription,
  trustDescription,
  upgradeDescription,
  versionDescription,
} from "./descriptions-upkeep.ts";

/** All commands, in the order of the usage text. */
export const descriptions: readonly CommandDescription[] = [
  doctorDescription,
  checkDescription,
  lockDescription,
  diffDescription,
  explainDescription,
  planDescription,
  runDescription,
  shellDescription,
  changesDescription,
  applyDescription,
  discardDescription,
  runsDescription,
  initDescription,
  trustDescription,
  schemaDescription,
  strategiesDescription,
  verifyDescription,
  bwrapDescription,
  selfTestDescription,
  upgradeDescription,
  cleanDescription,
  completionDescription,
  versionDescription,
];
