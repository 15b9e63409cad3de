/** A strategy of cupel's as a subject: attacked through the very command line that users have. */
import type { GuaranteeDecision } from "../model/guarantee.ts";
import type { Job, JobNetwork, SeccompProfileName } from "../model/job.ts";
import type { SandboxWishes } from "./attack-spec.ts";
import type { Subject } from "./verify-subject.ts";

/** Which sandbox of a strategy's: see `mechanismsOf`. */
export interface SandboxChoice {
  readonly network: JobNetwork;
  /** With `allow`: what the job lists. */
  readonly allowedHosts: readonly string[];
  /** And whether its programs need to know of no proxy. */
  readonly isTransparent?: true | undefined;
  readonly seccomp: SeccompProfileName;
  readonly workspace: "cow" | "ro" | "rw";
  /** A terminal of its own, relayed to the caller's. */
  readonly terminal: Job["terminal"];
}

/** What is known of it beforehand. */
export interface StrategyFacts {
  readonly id: string;
  readonly mechanisms: string;
  readonly declared: readonly GuaranteeDecision[];
  /** How cupel itself is called: a program and its first arguments. */
  readonly cupel: readonly string[];
  readonly choice: SandboxChoice;
}

function secretFlags(path: string): string[] {
  return ["--secret", `CUPEL_CANARY=file:${path}`, "--secret-fd", `CUPEL_CANARY_TOO=file:${path}`];
}

function wishFlags(wishes: SandboxWishes): string[] {
  const { pids, memoryBytes, cpus, diskBytes, outputBytes, timeoutMs, variable, writable, secretPath, resultPath } =
    wishes;
  return [
    ...(pids === undefined ? [] : ["--pids", String(pids)]),
    ...(memoryBytes === undefined ? [] : ["--memory", String(memoryBytes)]),
    ...(cpus === undefined ? [] : ["--cpus", String(cpus)]),
    ...(diskBytes === undefined ? [] : ["--tmp-size", String(diskBytes)]),
    ...(outputBytes === undefined ? [] : ["--output-size", String(outputBytes)]),
    ...(timeoutMs === undefined ? [] : ["--timeout", `${timeoutMs}ms`, "--grace", "100ms"]),
    ...(secretPath === undefined ? [] : secretFlags(secretPath)),
    ...(resultPath === undefined ? [] : ["--result", resultPath]),
    ...(variable === undefined ? [] : ["--env", variable]),
    ...(writable === undefined ? [] : ["--write", writable]),
  ];
}

function injectionFlags({ injection }: SandboxWishes): string[] {
  if (injection === undefined) return [];
  const { hosts, header, secret } = injection;
  return [...hosts.flatMap((host) => ["--allow-host", host]), "--inject-header", header, "--secret", secret];
}

/** Whether it can be asked for that: what it has no layer, or no proxy, for. What is written through is never taken over. */
function canHave({ workspace, network }: SandboxChoice, { changes, injection }: SandboxWishes): boolean {
  return (changes === undefined || workspace === "cow") && (injection === undefined || network === "allow");
}

/** A layer is dropped where nobody wishes it: nobody is to find what an attack left. */
function changeFlags(workspace: SandboxChoice["workspace"], { changes }: SandboxWishes): string[] {
  if (workspace !== "cow") return [];
  if (changes === undefined) return ["--ignore", "**"];
  return ["--apply", changes === "applied" ? "on-success" : "never"];
}

/** The words in front of a program; undefined where there are no changes to keep, or there is no proxy. Pure. */
export function strategyPrefix(
  { id, cupel, choice }: StrategyFacts,
  program: string,
  wishes: SandboxWishes,
): string[] | undefined {
  if (!canHave(choice, wishes)) return undefined;
  return [
    ...cupel,
    "run",
    "--strategy",
    id,
    "--accept-missing",
    "all",
    "--workspace",
    choice.workspace,
    ...changeFlags(choice.workspace, wishes),
    ...(choice.isTransparent === true ? ["--transparent-network"] : []),
    ...(choice.network === "allow"
      ? choice.allowedHosts.flatMap((host) => ["--allow-host", host])
      : ["--network", choice.network]),
    "--seccomp",
    choice.seccomp,
    ...(choice.terminal === "private" ? ["--tty"] : []),
    ...wishFlags(wishes),
    ...injectionFlags(wishes),
    "--read",
    program,
    "--",
  ];
}

/** It as a subject. */
export function strategySubject(facts: StrategyFacts): Subject {
  return {
    attacked: { kind: "strategy", name: facts.id, mechanisms: facts.mechanisms },
    declared: facts.declared,
    tells: () => true,
    ...(facts.choice.terminal === "private" ? { hasTerminal: true } : {}),
    prefix: (program, wishes) => strategyPrefix(facts, program, wishes),
  };
}
