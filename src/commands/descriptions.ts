/** Every command and flag, as data: parsing, usage and completion are all made from it. */
import type { CommandDescription } from "../report/command-description.ts";
import { choice, helpFlag, jsonFlag } from "./description-parts.ts";
import { planDescription, runDescription } from "./descriptions-job.ts";
import {
  checkDescription,
  diffDescription,
  doctorDescription,
  explainDescription,
  lockDescription,
  schemaDescription,
} from "./descriptions-report.ts";
import { cleanDescription, selfTestDescription } from "./descriptions-upkeep.ts";
import { verifyDescription } from "./description-verify.ts";

/** All commands, in the order of the usage text. */
export const descriptions: readonly CommandDescription[] = [
  doctorDescription,
  checkDescription,
  lockDescription,
  diffDescription,
  explainDescription,
  planDescription,
  runDescription,
  schemaDescription,
  verifyDescription,
  selfTestDescription,
  cleanDescription,
  {
    name: "completion",
    summary: "write a completion script for your shell",
    operands: [{ value: choice("SHELL", ["bash", "zsh", "fish"]), description: "which shell", required: true }],
    flags: [helpFlag],
    examples: ["source <(cupel completion bash)"],
  },
  { name: "version", summary: "show the version and build", flags: [jsonFlag, helpFlag] },
];
