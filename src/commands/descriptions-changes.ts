/** The commands about what jobs changed in copy-on-write workspaces. */
import type { CommandDescription } from "../report/command-description.ts";
import { helpFlag, jsonFlag, text, usageCodes } from "./description-parts.ts";

const idOperand = {
  value: text("ID"),
  description: "what cupel run said, or cupel changes lists",
  required: true,
};

/** `cupel changes`. */
export const changesDescription: CommandDescription = {
  name: "changes",
  summary: "show what a job changed in its copy-on-write workspace, or which jobs' changes are kept",
  operands: [{ ...idOperand, required: false }],
  flags: [{ name: "diff", description: "show the differences of text files, too" }, jsonFlag, helpFlag],
  exitCodes: [{ code: "0", meaning: "done" }, ...usageCodes],
  examples: ["cupel changes", "cupel changes k3f9x2 --diff"],
};

/** `cupel apply`. */
export const applyDescription: CommandDescription = {
  name: "apply",
  summary: "make a job's changes to the workspace, all of them or those at some paths, unless one is refused",
  operands: [
    idOperand,
    {
      value: text("PATH"),
      description: "only what is at or below it; relative to the workspace",
      required: false,
      repeatable: true,
    },
  ],
  flags: [{ name: "skip-refused", description: "where some are refused, apply the others and keep those" }, helpFlag],
  exitCodes: [
    { code: "0", meaning: "all are applied" },
    { code: "1", meaning: "some are refused; without --skip-refused nothing was done" },
    { code: "64", meaning: "usage" },
    { code: "70", meaning: "it could not be done to its end, or a bug in cupel" },
  ],
  examples: ["cupel apply k3f9x2", "cupel apply k3f9x2 src README.md"],
};

/** `cupel discard`. */
export const discardDescription: CommandDescription = {
  name: "discard",
  summary: "forget what a job changed; the workspace stays as it is",
  operands: [{ ...idOperand, repeatable: true }],
  flags: [helpFlag],
  exitCodes: [
    { code: "0", meaning: "it is forgotten" },
    { code: "64", meaning: "usage" },
    { code: "70", meaning: "it could not be removed, or a bug in cupel" },
  ],
  examples: ["cupel discard k3f9x2"],
};
