/** `run` and `plan`: the same flags, since they are about the same job. */
import { guaranteeIds } from "../model/guarantee.ts";
import { applyModes, networkModes, outputActions, seccompProfileNames } from "../model/job.ts";
import type { CommandDescription, FlagDescription } from "../report/command-description.ts";
import { preferences, workspaceModes } from "../run/job-fields.ts";
import { limitFlags, minimumFlag, strategyFlag } from "./demand-flags.ts";
import { choice, helpFlag, jsonFlag, path, text } from "./description-parts.ts";

/** Flags about the job itself: what each says a job file can say as well. */
export const jobFlags: readonly FlagDescription[] = [
  {
    name: "workspace",
    description:
      "the current directory copy-on-write (cow, the default), read-only (ro), written through (rw), or not at all (none)",
    value: choice("MODE", workspaceModes),
  },
  {
    name: "ignore",
    description: "with cow: changes at these paths are not kept, as in a .gitignore",
    value: text("GLOB"),
    repeatable: true,
  },
  {
    name: "apply",
    description: "with cow: what to do with the changes at the end: keep them (never, the default), ask, or on-success",
    value: choice("WHEN", applyModes),
  },
  { name: "read", description: "grant a path, read-only", value: path("PATH"), repeatable: true },
  { name: "write", description: "grant a path, to be changed", value: path("PATH"), repeatable: true },
  { name: "tools", description: "grant the directories of your PATH and what the programs there need, read-only" },
  {
    name: "network",
    description: "no network but a loopback (none, the default), no socket at all (no-sockets), or the host's (host)",
    value: choice("MODE", networkModes),
  },
  {
    name: "allow-host",
    description: "what the job may connect to, and nothing else: api.example.com:443, *.example.org, 10.0.0.0/8:5432",
    value: text("HOST[:PORT]"),
    repeatable: true,
  },
  {
    name: "setup",
    description: "what runs before the command, in the same sandbox: a script for sh, or words as a list in JSON",
    value: text("SCRIPT"),
  },
  {
    name: "setup-allow-host",
    description: "what that may connect to until it has ended; what --allow-host lists counts from then on",
    value: text("HOST[:PORT]"),
    repeatable: true,
  },
  {
    name: "publish",
    description:
      "a port of the host's loopback that leads to one of the job's: 8080:3000; 0:3000 takes one that is free, and says which",
    value: text("[ADDRESS:]PORT:PORT"),
    repeatable: true,
  },
  {
    name: "seccomp",
    description: "system calls: all but dangerous ones (default), the essential (strict), or debuggers' too (compat)",
    value: choice("PROFILE", seccompProfileNames),
  },
  { name: "env", description: "set a variable, or pass yours on", value: text("NAME[=VALUE]"), repeatable: true },
  { name: "tty", description: "give the job a terminal of its own, relayed to yours; the default is none" },
  ...limitFlags,
  {
    name: "on-output",
    description: "beyond it drop the rest (truncate, the default), or end the job (kill)",
    value: choice("WHAT", outputActions),
  },
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
  { name: "verified", description: "only where cupel verify saw every demanded guarantee hold, in this very sandbox" },
  { name: "strict", description: "demand the default limits as well" },
  {
    name: "prefer",
    description: "which strategy to take of those that fit; default fastest",
    value: choice("WHAT", preferences),
  },
];

const jobFileFlag: FlagDescription = {
  name: "job",
  description: "take the job from this file; flags go before it, and a command behind -- replaces its own",
  value: path("FILE"),
};

const command = {
  value: text("COMMAND…"),
  description: "the program and its arguments, behind --; or a job file, FILE.yaml or FILE.json, without --",
  required: false,
  repeatable: true,
};

/** A word in front of `--` that ends so is a job file. */
const fileOperand = { flag: "job", endings: [".yaml", ".yml", ".json"] };

/** `cupel run`. */
export const runDescription: CommandDescription = {
  name: "run",
  summary: "run a command in the best sandbox that this host can really keep up",
  passesCommand: true,
  operands: [command],
  fileOperand,
  flags: [
    ...jobFlags,
    jobFileFlag,
    {
      name: "batch",
      description:
        "run the jobs of this file (-: standard input), a JSON object a line; outcomes come as lines of JSON",
      value: path("FILE"),
    },
    { name: "parallel", description: "how many of them at once; default one a CPU", value: text("N") },
    { name: "capture", description: "how much of each job's outputs to keep; default 64K", value: text("SIZE") },
    { name: "result", description: "write the outcome to this file, as JSON", value: path("FILE") },
    { name: "fresh", description: "probe again instead of using the saved report" },
    { name: "quiet", description: "say nothing of how the job ended" },
    helpFlag,
  ],
  exitCodes: [
    { code: "0-255", meaning: "the job's own" },
    { code: "124", meaning: "its time was up: wall time, CPU time, or time without output" },
    { code: "125", meaning: "cupel's own failure before or around the job: usage, refused, set-up, a bug" },
    { code: "126", meaning: "the program cannot be executed" },
    { code: "127", meaning: "the program was not found" },
    {
      code: "128+n",
      meaning: "signal n ended it; 137 is also out of memory, or too much output (--on-output kill)",
    },
  ],
  examples: [
    'cupel run -- echo "hello from a sandbox"',
    "cupel run --workspace rw --timeout 5m -- make test",
    "cupel run --tools --network host -- npm view left-pad",
    "cupel run --allow-host registry.npmjs.org -- npm ci",
    "cupel run job.yaml",
    "cupel run --batch jobs.jsonl --parallel 4",
  ],
};

/** `cupel plan`. */
export const planDescription: CommandDescription = {
  name: "plan",
  summary: "show what would run, with what, and why nothing else was taken",
  passesCommand: true,
  operands: [command],
  fileOperand,
  flags: [
    ...jobFlags,
    jobFileFlag,
    jsonFlag,
    { name: "fresh", description: "probe again instead of using the saved report" },
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "it would run" },
    { code: "125", meaning: "it would be refused, or the command line is wrong" },
  ],
  examples: ["cupel plan --memory 512M -- make test", "cupel plan job.yaml"],
};
