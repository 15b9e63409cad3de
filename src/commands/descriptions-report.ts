/** Commands that measure this host or read what was measured. */
import { guaranteeIds } from "../model/guarantee.ts";
import type { CommandDescription } from "../report/command-description.ts";
import { capFlags, deepFlag, minimumFlag, strategyFlag } from "./demand-flags.ts";
import { choice, helpFlag, jsonFlag, path, text, usageCodes } from "./description-parts.ts";
import { formatFlags } from "./format-flags.ts";
import { schemaNames } from "./schema-names.ts";

const reportCodes = [
  { code: "64", meaning: "usage" },
  { code: "70", meaning: "a file of --output could not be written any more, or a bug in cupel" },
];

/** `cupel doctor`. */
export const doctorDescription: CommandDescription = {
  name: "doctor",
  summary: "find out what this host can enforce, and what would be chosen",
  flags: [
    jsonFlag,
    { name: "all", description: "show what works as well" },
    { name: "fix", description: "write the missing steps as one block for a shell; nothing is changed" },
    {
      name: "container-profile",
      description: "write a seccomp profile for the container that cupel shall run in; nothing is measured",
    },
    { name: "brief", description: "show the verdict alone" },
    ...formatFlags,
    { name: "redact", description: "leave out what names a person, a place or a secret: for a bug report" },
    deepFlag,
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "the default job's demands all hold" },
    { code: "1", meaning: "one of them does not" },
    { code: "3", meaning: "one of them cannot be told" },
    ...reportCodes,
  ],
  examples: ["cupel doctor", "cupel doctor --fix", "cupel doctor --all --redact", "cupel doctor --format markdown"],
};

/** `cupel check`. */
export const checkDescription: CommandDescription = {
  name: "check",
  summary: "find out whether this host holds what is demanded of it",
  flags: [
    {
      name: "require",
      description: "guarantees that one strategy has to keep together",
      value: choice("ID,…", guaranteeIds, true),
      repeatable: true,
    },
    minimumFlag,
    { name: "capability", description: "capabilities that have to work", value: text("ID,…"), repeatable: true },
    strategyFlag,
    ...capFlags,
    {
      name: "policy",
      description: "demand what this file says; default cupel.yaml, if it is there and nothing else is demanded",
      value: path("FILE"),
    },
    { name: "job", description: "demand what the job in this file needs", value: path("FILE") },
    { name: "locked", description: "nothing may differ from cupel.lock.json" },
    { name: "lock", description: "nothing may differ from this lock", value: path("FILE") },
    {
      name: "fail-on",
      description: "fail where a demand holds only in part as well (degraded)",
      value: choice("WHAT", ["degraded"]),
    },
    deepFlag,
    jsonFlag,
    ...formatFlags,
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "all demands hold" },
    { code: "1", meaning: "one of them does not" },
    { code: "3", meaning: "one of them cannot be told" },
    { code: "4", meaning: "something differs from the lock" },
    { code: "2", meaning: "one holds only in part, with --fail-on degraded" },
    ...reportCodes,
  ],
  examples: [
    "cupel check",
    "cupel check --require net.none,limit.memory --min namespace",
    "cupel check --capability kvm.run",
    "cupel check --policy cupel.yaml --locked",
    "cupel check --format auto --output junit=junit.xml --output json=report.json",
  ],
};

/** `cupel lock`. */
export const lockDescription: CommandDescription = {
  name: "lock",
  summary: "write down what this host can enforce, to be told of every change by check --locked",
  flags: [
    {
      name: "output",
      short: "o",
      description: "write it there instead of cupel.lock.json; - is standard output",
      value: path("FILE"),
    },
    deepFlag,
    helpFlag,
  ],
  exitCodes: [{ code: "0", meaning: "it was written" }, ...usageCodes],
  examples: ["cupel lock", "cupel check --locked"],
};

const reportOperand = (description: string) => ({ value: path("REPORT"), description, required: true });

/** `cupel diff`. */
export const diffDescription: CommandDescription = {
  name: "diff",
  summary: "compare two reports",
  operands: [
    reportOperand("a file that doctor --json wrote, - for standard input, or here to measure now"),
    reportOperand("the other one"),
  ],
  flags: [jsonFlag, helpFlag],
  exitCodes: [{ code: "0", meaning: "they are the same" }, { code: "1", meaning: "they differ" }, ...usageCodes],
  examples: ["cupel diff laptop.json runner.json", "cupel diff runner.json here"],
};

/** `cupel explain`. */
export const explainDescription: CommandDescription = {
  name: "explain",
  summary: "say what an id means, how it is measured, what needs it, and what it comes to here",
  operands: [
    {
      value: text("ID"),
      description:
        "a capability, a family of them, a guarantee, blocker, strategy, state, class or exit code; none lists all",
      required: false,
    },
  ],
  flags: [{ name: "fresh", description: "probe again instead of using the saved report" }, helpFlag],
  exitCodes: [{ code: "0", meaning: "it was explained" }, ...usageCodes],
  examples: ["cupel explain userns.create", "cupel explain net.none", "cupel explain"],
};

/** `cupel schema`. */
export const schemaDescription: CommandDescription = {
  name: "schema",
  summary: "write the JSON Schema of what cupel reads or writes",
  operands: [{ value: choice("NAME", schemaNames), description: "which one", required: true }],
  flags: [helpFlag],
  examples: ["cupel schema policy"],
};
