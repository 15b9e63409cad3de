/** A job request from the flags of `run` and `plan`. Pure. */
import { CupelError } from "../model/error.ts";
import { guaranteeIds, isolationClasses, type GuaranteeId, type IsolationClass } from "../model/guarantee.ts";
import { networkModes, seccompProfileNames } from "../model/job.ts";
import { defaultRequest, type JobRequest } from "../run/job-request.ts";
import { parseCount, parseCpus, parseDurationMs, parseSizeBytes } from "../run/parse-quantity.ts";
import type { CommandLine } from "./parse-command-line.ts";

function oneOf<T extends string>(value: string | undefined, values: readonly T[]): T | undefined {
  return values.find((candidate) => candidate === value);
}

function guarantees(values: readonly string[]): GuaranteeId[] {
  const words = values.flatMap((value) => value.split(","));
  return guaranteeIds.filter((id) => words.includes(id));
}

/** The request. @throws CupelError `usage` for a quantity that is none, or no command. */
export function jobFromFlags({ flags, operands }: CommandLine): JobRequest {
  const all = (name: string): readonly string[] => flags.get(name) ?? [];
  const last = (name: string): string | undefined => all(name).at(-1);
  const parsed = <T>(name: string, parse: (text: string, flag: string) => T): T | undefined => {
    const value = last(name);
    return value === undefined ? undefined : parse(value, `--${name}`);
  };
  const [program, ...rest] = operands;
  if (program === undefined || program === "") throw new CupelError("usage", "No command is given; write it behind --");
  return {
    ...defaultRequest,
    command: [program, ...rest],
    workspace: oneOf(last("workspace"), ["ro", "rw", "none"]),
    read: all("read"),
    write: all("write"),
    tools: flags.has("tools"),
    network: oneOf(last("network"), networkModes) ?? "none",
    seccomp: oneOf(last("seccomp"), seccompProfileNames) ?? "default",
    environment: all("env"),
    terminal: flags.has("tty") ? "private" : "none",
    timeoutMs: parsed("timeout", parseDurationMs),
    graceMs: parsed("grace", parseDurationMs),
    memoryBytes: parsed("memory", parseSizeBytes),
    cpus: parsed("cpus", parseCpus),
    pids: parsed("pids", parseCount),
    strategy: last("strategy"),
    minimum: oneOf<IsolationClass>(last("min"), isolationClasses),
    require: guarantees(all("require")),
    accept: all("accept-missing").some((value) => value.split(",").includes("all"))
      ? "all"
      : guarantees(all("accept-missing")),
    strict: flags.has("strict"),
    verified: flags.has("verified") ? true : undefined,
    prefer: oneOf(last("prefer"), ["fastest", "strongest"]) ?? "fastest",
  };
}
