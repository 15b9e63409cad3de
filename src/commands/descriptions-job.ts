/** `run`, `shell` and `plan`: the same flags, since they are about the same job. */
import type { CommandDescription, FlagDescription } from "../report/command-description.ts";
import { choice, helpFlag, jsonFlag, path, text } from "./description-parts.ts";
import { jobFlags } from "./job-flags.ts";

const jobFileFlag: FlagDescription = {
  name: "job",
  description: "take the job from this file; flags go before it, and a command behind -- replaces its own",
  value: path("FILE"),
};

/** A demand is given up by --accept-missing, which is recorded, and in no other way. */
const demandNames = ["require", "min", "strict", "verified"];

const withoutFlag: FlagDescription = {
  name: "without",
  description: "take nothing for these flags from a job file, a cupel.yaml or your configuration",
  value: choice(
    "FLAG,…",
    jobFlags.map(({ name }) => name).filter((name) => !demandNames.includes(name)),
    true,
  ),
  repeatable: true,
};

const command = {
  value: text("COMMAND…"),
  description: "the program and its arguments, behind --; or a job file, FILE.yaml or FILE.json, without --",
  required: false,
  repeatable: true,
};

/** A word in front of `--` that ends so is a job file. */
const fileOperand = { flag: "job", endings: [".yaml", ".yml", ".json"] };

/** Flags about carrying a job out. */
const endingFlags: readonly FlagDescription[] = [
  {
    name: "explain-denials",
    description:
      "watch the job with strace, and say what it was denied and which flag would grant it; it runs slower, and cannot trace its own children",
  },
  { name: "result", description: "write the outcome to this file, as JSON", value: path("FILE") },
  { name: "fresh", description: "probe again instead of using the saved report" },
  { name: "quiet", description: "say nothing of how the job ended" },
  helpFlag,
];

/** Of cupel itself, whatever the job's own code is. */
const failureCodes = [
  { code: "124", meaning: "its time was up: wall time, CPU time, or time without output" },
  { code: "125", meaning: "cupel's own failure before or around the job: usage, refused, set-up, a bug" },
];

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
    withoutFlag,
    {
      name: "batch",
      description:
        "run the jobs of this file (-: standard input), a JSON object a line; outcomes come as lines of JSON",
      value: path("FILE"),
    },
    { name: "parallel", description: "how many of them at once; default one a CPU", value: text("N") },
    { name: "capture", description: "how much of each job's outputs to keep; default 64K", value: text("SIZE") },
    ...endingFlags,
  ],
  exitCodes: [
    { code: "0-255", meaning: "the job's own" },
    ...failureCodes,
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

/** `cupel shell`. */
export const shellDescription: CommandDescription = {
  name: "shell",
  summary: "start your shell in the sandbox that run would take, at a terminal of its own",
  operands: [
    {
      value: path("FILE"),
      description: "a job file, FILE.yaml or FILE.json: the shell gets what its command would",
      required: false,
    },
  ],
  fileOperand,
  flags: [...jobFlags, jobFileFlag, withoutFlag, ...endingFlags],
  exitCodes: [{ code: "0-255", meaning: "the shell's own" }, ...failureCodes],
  examples: ["cupel shell", "cupel shell --network host --read ~/data", "cupel shell job.yaml"],
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
    withoutFlag,
    jsonFlag,
    {
      name: "shell",
      description: "write the command line of the program that makes the sandbox, as a script for bash",
    },
    {
      name: "oci-seccomp",
      description: "write the job's filter on system calls as a profile of the OCI's",
    },
    { name: "fresh", description: "probe again instead of using the saved report" },
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "it would run" },
    { code: "125", meaning: "it would be refused, or the command line is wrong" },
  ],
  examples: [
    "cupel plan --memory 512M -- make test",
    "cupel plan job.yaml",
    "cupel plan --strategy bubblewrap --shell -- make test",
  ],
};
