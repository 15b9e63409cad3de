/** Every command and flag, as data: parsing, usage and completion are all made from it. */
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import type { CommandDescription, FlagDescription } from "../report/command-description.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { choice, helpFlag, jsonFlag, path, text, usageCodes } from "./description-parts.ts";
import { cleanDescription, selfTestDescription } from "./descriptions-upkeep.ts";
import { formatFlags } from "./format-flags.ts";
import { schemaNames } from "./schema-names.ts";

const timeoutFlag: FlagDescription = {
  name: "timeout",
  description: "end the job after this time",
  value: text("TIME"),
};
const capFlags: readonly FlagDescription[] = [
  { name: "memory", description: "cap on memory", value: text("SIZE") },
  { name: "cpus", description: "cap on CPU time, in CPUs", value: text("N") },
  { name: "pids", description: "cap on processes and threads", value: text("N") },
];
const strategyFlag: FlagDescription = {
  name: "strategy",
  description: "only this strategy",
  value: choice(
    "ID",
    strategies.map(({ id }) => id),
  ),
};
const minimumFlag: FlagDescription = {
  name: "min",
  description: "no weaker isolation than this class",
  value: choice("CLASS", isolationClasses),
};
const deepFlag: FlagDescription = { name: "deep", description: "also do what takes seconds, such as booting a kernel" };

const jobFlags: readonly FlagDescription[] = [
  {
    name: "workspace",
    description: "the current directory read-only (ro), written through (rw), or not at all (none); default ro",
    value: choice("MODE", ["ro", "rw", "none"]),
  },
  { name: "read", description: "grant a path, read-only", value: path("PATH"), repeatable: true },
  { name: "write", description: "grant a path, to be changed", value: path("PATH"), repeatable: true },
  { name: "tools", description: "grant the directories of your PATH and what the programs there need, read-only" },
  {
    name: "network",
    description: "no network (none, the default) or the host's (host)",
    value: choice("MODE", ["none", "host"]),
  },
  { name: "env", description: "set a variable, or pass yours on", value: text("NAME[=VALUE]"), repeatable: true },
  timeoutFlag,
  { name: "grace", description: "time between SIGTERM and SIGKILL then; default 2s", value: text("TIME") },
  ...capFlags,
  strategyFlag,
  minimumFlag,
  {
    name: "require",
    description: "demand these guarantees too",
    value: choice("ID,…", guaranteeIds, true),
    repeatable: true,
  },
  {
    name: "accept-missing",
    description: "give up these guarantees where nothing keeps them; recorded in the outcome",
    value: choice("ID,…|all", ["all", ...guaranteeIds], true),
    repeatable: true,
  },
  { name: "strict", description: "demand the default limits as well" },
  {
    name: "prefer",
    description: "which strategy to take of those that fit; default fastest",
    value: choice("WHAT", ["fastest", "strongest"]),
  },
];

const command = {
  value: text("COMMAND…"),
  description: "the program and its arguments, behind --",
  required: true,
  repeatable: true,
};

/** `cupel run`. */
export const runDescription: CommandDescription = {
  name: "run",
  summary: "run a command in the best sandbox that this host can really keep up",
  passesCommand: true,
  operands: [command],
  flags: [
    ...jobFlags,
    { name: "result", description: "write the outcome to this file, as JSON", value: path("FILE") },
    { name: "fresh", description: "probe again instead of using the saved report" },
    helpFlag,
  ],
  exitCodes: [
    { code: "0-255", meaning: "the job's own" },
    { code: "124", meaning: "its time was up" },
    { code: "125", meaning: "cupel's own failure before or around the job: usage, refused, set-up, a bug" },
    { code: "126", meaning: "the program cannot be executed" },
    { code: "127", meaning: "the program was not found" },
    { code: "128+n", meaning: "signal n ended it; 137 is also out of memory, the outcome tells" },
  ],
  examples: [
    'cupel run -- echo "hello from a sandbox"',
    "cupel run --workspace rw --timeout 5m -- make test",
    "cupel run --tools --network host -- npm view left-pad",
  ],
};

const reportCodes = [
  { code: "64", meaning: "usage" },
  { code: "70", meaning: "a file of --output could not be written any more, or a bug in cupel" },
];

const checkDescription: CommandDescription = {
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
    ...capFlags.map((flag) => ({ ...flag, description: `a ${flag.description} has to hold` })),
    { ...timeoutFlag, description: "a cap on time has to hold" },
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

const lockDescription: CommandDescription = {
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

const diffDescription: CommandDescription = {
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

const explainDescription: CommandDescription = {
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

const schemaDescription: CommandDescription = {
  name: "schema",
  summary: "write the JSON Schema of what cupel reads or writes",
  operands: [{ value: choice("NAME", schemaNames), description: "which one", required: true }],
  flags: [helpFlag],
  examples: ["cupel schema policy"],
};

/** All commands, in the order of the usage text. */
export const descriptions: readonly CommandDescription[] = [
  {
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
  },
  checkDescription,
  lockDescription,
  diffDescription,
  explainDescription,
  {
    name: "plan",
    summary: "show what would run, with what, and why nothing else was taken",
    passesCommand: true,
    operands: [command],
    flags: [
      ...jobFlags,
      jsonFlag,
      { name: "fresh", description: "probe again instead of using the saved report" },
      helpFlag,
    ],
    exitCodes: [
      { code: "0", meaning: "it would run" },
      { code: "125", meaning: "it would be refused, or the command line is wrong" },
    ],
    examples: ["cupel plan --memory 512M -- make test"],
  },
  runDescription,
  schemaDescription,
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
