/** The commands about cupel itself on this machine. */
import type { CommandDescription } from "../report/command-description.ts";
import { choice, helpFlag, jsonFlag, usageCodes } from "./description-parts.ts";

/** `cupel self-test`. */
export const selfTestDescription: CommandDescription = {
  name: "self-test",
  summary: "find out whether this installation is sound: run one real job in each sandbox that there is here",
  flags: [jsonFlag, helpFlag],
  exitCodes: [
    { code: "0", meaning: "all that was tried works, and the default job can be run" },
    { code: "1", meaning: "something of it does not" },
    { code: "3", meaning: "something could not be tried" },
    ...usageCodes,
  ],
  examples: ["cupel self-test", "cupel self-test --json"],
};

/** `cupel clean`. */
export const cleanDescription: CommandDescription = {
  name: "clean",
  summary: "remove what cupel keeps on this machine for you: it makes again what it needs",
  flags: [{ name: "dry-run", description: "say what would be removed; nothing is changed" }, helpFlag],
  exitCodes: [
    { code: "0", meaning: "nothing of cupel's own is left" },
    { code: "64", meaning: "usage" },
    { code: "70", meaning: "something could not be removed, or a bug in cupel" },
  ],
  examples: ["cupel clean --dry-run", "cupel clean"],
};

/** `cupel completion`. */
export const completionDescription: CommandDescription = {
  name: "completion",
  summary: "write a completion script for your shell",
  operands: [{ value: choice("SHELL", ["bash", "zsh", "fish"]), description: "which shell", required: true }],
  flags: [helpFlag],
  examples: ["source <(cupel completion bash)"],
};

/** `cupel version`. */
export const versionDescription: CommandDescription = {
  name: "version",
  summary: "show the version and build",
  flags: [jsonFlag, helpFlag],
};
