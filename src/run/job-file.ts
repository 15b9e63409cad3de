/** A job in a file: the same that the flags of `run` say. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { CupelError } from "../model/error.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { networkModes, outputActions, seccompProfileNames } from "../model/job.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { defaultRequest, type JobRequest } from "./job-request.ts";
import { parseCount, parseCpus, parseDurationMs, parseFileCount, parseSizeBytes } from "./parse-quantity.ts";
import { parseStrictDocument } from "./strict-document.ts";

/** What the flag of the same name takes, with its own words where it is none. */
function quantity(name: string, description: string, parse: (text: string, flag: string) => number) {
  return v.pipe(
    v.union([v.string(), v.number()]),
    v.description(description),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(String(dataset.value), name);
      } catch (error) {
        if (!(error instanceof CupelError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}

const paths = (description: string) => v.pipe(v.array(v.string()), v.description(description));

/** A command: at least a program. */
export const commandSchema = v.pipe(
  v.array(v.string()),
  v.minLength(1, "command is empty; write the program and its arguments"),
  v.check(([program]) => program !== "", "command begins with an empty word; write the program"),
  v.description("the program and its arguments; no shell reads them"),
);

const variableName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name is of letters, digits and _, and begins with no digit"),
);

/** Variables and their values. */
export const variablesSchema = v.record(variableName, v.string());

const filesystem = v.strictObject({
  read: v.optional(v.strictObject({ allow: paths("paths that the job may read") })),
  write: v.optional(v.strictObject({ allow: paths("paths that the job may change") })),
  tools: v.optional(v.pipe(v.boolean(), v.description("grant the directories of your PATH, read-only"))),
});

/** Caps on time. */
export const timeLimits = {
  wall: v.optional(quantity("limits.wall", "end the job after this time: 90s, 5m", parseDurationMs)),
  grace: v.optional(quantity("limits.grace", "time between SIGTERM and SIGKILL then", parseDurationMs)),
  cpu_time: v.optional(quantity("limits.cpu_time", "end the job when it has used so much CPU time", parseDurationMs)),
  idle: v.optional(quantity("limits.idle", "end the job after this time without output", parseDurationMs)),
};

const limits = v.strictObject({
  ...timeLimits,
  memory: v.optional(quantity("limits.memory", "cap on memory: 512M, 2G", parseSizeBytes)),
  cpus: v.optional(quantity("limits.cpus", "cap on CPU time, in CPUs", parseCpus)),
  pids: v.optional(quantity("limits.pids", "cap on processes and threads", parseCount)),
  output: v.optional(quantity("limits.output", "cap on all output together", parseSizeBytes)),
  on_output: v.optional(v.pipe(v.picklist(outputActions), v.description("what becomes of a job that writes more"))),
  tmp_size: v.optional(quantity("limits.tmp_size", "cap on each private file system", parseSizeBytes)),
  tmp_files: v.optional(quantity("limits.tmp_files", "cap on files in each of them", parseFileCount)),
  open_files: v.optional(quantity("limits.open_files", "cap on open files, of each process", parseFileCount)),
  file_size: v.optional(quantity("limits.file_size", "cap on a file, of each process", parseSizeBytes)),
  core_size: v.optional(quantity("limits.core_size", "cap on a core file, of each process", parseSizeBytes)),
});

const minimum = v.strictObject({
  isolation: v.optional(v.picklist(isolationClasses)),
  guarantees: v.optional(v.pipe(v.array(v.picklist(guaranteeIds)), v.description("demand these guarantees too"))),
  accept_missing: v.optional(
    v.pipe(
      v.array(v.picklist(["all", ...guaranteeIds])),
      v.description("give up these guarantees where nothing keeps them"),
    ),
  ),
  strict: v.optional(v.pipe(v.boolean(), v.description("demand the default limits as well"))),
});

/** The shape of the file. */
export const jobSchema = v.strictObject({
  version: v.optional(v.pipe(v.literal(1), v.description("version of this shape"))),
  command: commandSchema,
  workspace: v.optional(v.strictObject({ mode: v.picklist(["ro", "rw", "none"]) })),
  filesystem: v.optional(filesystem),
  network: v.optional(v.strictObject({ mode: v.picklist(networkModes) })),
  syscalls: v.optional(
    v.strictObject({
      profile: v.pipe(v.picklist(seccompProfileNames), v.description("which system calls the job may make")),
    }),
  ),
  env: v.optional(
    v.strictObject({
      inherit: v.optional(v.pipe(v.array(variableName), v.description("variables of yours to pass on"))),
      set: v.optional(variablesSchema),
    }),
  ),
  tty: v.optional(v.pipe(v.boolean(), v.description("give the job a terminal of its own, relayed to yours"))),
  limits: v.optional(limits),
  minimum: v.optional(minimum),
  selection: v.optional(
    v.strictObject({
      strategy: v.optional(v.picklist(strategies.map(({ id }) => id))),
      prefer: v.optional(v.picklist(["fastest", "strongest"])),
    }),
  ),
});

/** The file as it is written. */
type JobFile = v.InferOutput<typeof jobSchema>;

function environmentOf({ env }: JobFile): string[] {
  return [...(env?.inherit ?? []), ...Object.entries(env?.set ?? {}).map(([name, value]) => `${name}=${value}`)];
}

function grantsOf({ filesystem: files = {} }: JobFile): Pick<JobRequest, "read" | "write" | "tools"> {
  return { read: files.read?.allow ?? [], write: files.write?.allow ?? [], tools: files.tools ?? false };
}

function capsOf({ limits: caps = {} }: JobFile): Partial<JobRequest> {
  return {
    timeoutMs: caps.wall,
    graceMs: caps.grace,
    memoryBytes: caps.memory,
    cpus: caps.cpus,
    pids: caps.pids,
    cpuTimeMs: caps.cpu_time,
    idleMs: caps.idle,
    outputBytes: caps.output,
    onOutput: caps.on_output,
    diskBytes: caps.tmp_size,
    diskFiles: caps.tmp_files,
    openFiles: caps.open_files,
    fileBytes: caps.file_size,
    coreBytes: caps.core_size,
  };
}

function demandsOf({ minimum: floor = {} }: JobFile): Pick<JobRequest, "minimum" | "require" | "accept" | "strict"> {
  const accepted = floor.accept_missing ?? [];
  return {
    minimum: floor.isolation,
    require: floor.guarantees ?? [],
    accept: accepted.includes("all") ? "all" : guaranteeIds.filter((id) => accepted.includes(id)),
    strict: floor.strict ?? false,
  };
}

/** The request that the file stands for. Pure. */
function requestOf(file: JobFile): JobRequest {
  const [program = "", ...rest] = file.command;
  return {
    ...defaultRequest,
    ...grantsOf(file),
    ...capsOf(file),
    ...demandsOf(file),
    command: [program, ...rest],
    workspace: file.workspace?.mode,
    network: file.network?.mode ?? "none",
    seccomp: file.syscalls?.profile ?? "default",
    environment: environmentOf(file),
    terminal: file.tty === true ? "private" : "none",
    strategy: file.selection?.strategy,
    prefer: file.selection?.prefer ?? "fastest",
  };
}

const maxBytes = 1024 * 1024;

/** Reads a job. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function readJobFile(path: string): JobRequest {
  const text = readInputFile(path, { what: "a job", maxBytes, pipes: false });
  return requestOf(parseStrictDocument(text, path, jobSchema));
}
