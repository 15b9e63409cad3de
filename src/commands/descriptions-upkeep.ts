/** The commands about cupel itself on this machine. */
import type { CommandDescription } from "../report/command-description.ts";
import { choice, helpFlag, jsonFlag, path, text, usageCodes } from "./description-parts.ts";

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

/** `cupel upgrade`. */
export const upgradeDescription: CommandDescription = {
  name: "upgrade",
  summary: "replace this cupel by the latest release, if it is signed and its doctor runs here",
  flags: [
    { name: "version", description: "this release instead of the latest", value: text("V") },
    { name: "dry-run", description: "say what would be done; nothing is changed" },
    { name: "allow-downgrade", description: "take an older release as well" },
    jsonFlag,
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "the release is installed, or was already; with --dry-run, it could be" },
    { code: "1", meaning: "it is not, for the reason that is said: the old version stays as it was" },
    { code: "64", meaning: "usage, or no server is known" },
    { code: "70", meaning: "a bug in cupel" },
  ],
  examples: ["cupel upgrade --dry-run", "cupel upgrade", "cupel upgrade --version 1.2.3 --allow-downgrade"],
};

/** `cupel clean`. */
export const cleanDescription: CommandDescription = {
  name: "clean",
  summary: "remove what cupel keeps on this machine for you, and with it what you trust",
  flags: [{ name: "dry-run", description: "say what would be removed; nothing is changed" }, helpFlag],
  exitCodes: [
    { code: "0", meaning: "nothing of cupel's own is left" },
    { code: "64", meaning: "usage" },
    { code: "70", meaning: "something could not be removed, or a bug in cupel" },
  ],
  examples: ["cupel clean --dry-run", "cupel clean"],
};

/** `cupel init`. */
export const initDescription: CommandDescription = {
  name: "init",
  summary: "write a job file that says in comments what else it can say",
  operands: [{ value: path("FILE"), description: "where; default job.yaml", required: false }],
  flags: [helpFlag],
  exitCodes: [
    { code: "0", meaning: "it was written" },
    { code: "64", meaning: "usage, or there is something there already" },
    { code: "70", meaning: "a bug in cupel" },
  ],
  examples: ["cupel init", "cupel run job.yaml"],
};

/** `cupel trust`. */
export const trustDescription: CommandDescription = {
  name: "trust",
  summary: "show what a project's cupel.yaml asks for beyond the rest, and allow it until the file changes",
  operands: [
    { value: path("FILE"), description: "which; default the cupel.yaml that a job here would find", required: false },
  ],
  flags: [
    { name: "show", description: "only show it" },
    { name: "list", description: "show which files are trusted" },
    { name: "revoke", description: "trust it no more" },
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "done" },
    { code: "64", meaning: "usage, or a file that is wrong" },
    { code: "70", meaning: "it could not be recorded or removed, or a bug in cupel" },
  ],
  examples: ["cupel trust", "cupel trust --show cupel.yaml", "cupel trust --list", "cupel trust --revoke"],
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
