/** An attack on a secret that a job is given: whoever can read arguments, variables and cupel's own records looks for it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import { renderAttackOrders } from "./attack-line.ts";
import { freshToken, tokenStart } from "./canaries/canary.ts";
import type { HostAttack, HostFinding, HostStage } from "./host-stage.ts";
import { runAttacker, type AttackerEnd } from "./run-attacker.ts";

const deadlineMs = 10_000;

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    // A process ends while it is looked at, and others belong to somebody else.
    errnoOf(error);
    return "";
  }
}

/** What the caller's own processes, and root those of everybody, show of themselves (proc_pid_cmdline(5)). */
export function findInProcesses(token: string): string | undefined {
  const processes = namesIn("/proc").filter((name) => /^\d+$/.test(name));
  const files = processes.flatMap((pid) => ["cmdline", "environ"].map((name) => `/proc/${pid}/${name}`));
  const file = files.find((path) => readOrNothing(path).includes(token));
  return file === undefined ? undefined : `the secret stood in ${file}`;
}

/** Where the attacker has seen it, or cupel has said it. Pure. */
export function findInRecords(end: AttackerEnd, token: string): string | undefined {
  const sightings = [...end.records.values()].flatMap((record) => record.sightings);
  const seen = sightings.find(({ value }) => value.includes(token));
  if (seen !== undefined) return `the job read it from its ${seen.channel}`;
  return end.errors.includes(token) ? "it stood in what was said of the job" : undefined;
}

/** Looked for while the job runs, by it and outside of it, and afterwards in the outcome. */
async function findSecret(stage: HostStage): Promise<HostFinding> {
  const token = freshToken();
  const [source, result] = [`${stage.program}-secret`, `${stage.program}-result`];
  const prefix = stage.prefix({ secretPath: source, resultPath: result });
  if (prefix === undefined) return { failure: "it takes words of cupel's own" };
  writeFileSync(source, token, { mode: 0o600, flag: "wx" });
  const isSandboxed = prefix.length > 0;
  let found: string | undefined;
  try {
    const end = await runAttacker({
      command: [...prefix, stage.program],
      directory: stage.workspace,
      // Without a sandbox there is no other way to give it one.
      environment: isSandboxed ? stage.environment : { ...stage.environment, CUPEL_SECRET: token },
      openFile: stage.openFile,
      orders: [
        renderAttackOrders([
          { order: "set", key: "token-prefix", value: tokenStart },
          { order: "run", id: "B06", deadlineMs },
        ]),
      ],
      onDone: async () => {
        found = findInProcesses(token);
      },
      deadlineMs,
    });
    if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
    const written = readOrNothing(result).includes(token) ? "it stood in the outcome" : undefined;
    return { sign: findInRecords(end, token) ?? found ?? written };
  } finally {
    rmSync(source, { force: true });
    rmSync(result, { force: true });
  }
}

/** It, for the list of attacks by the host's side. */
export const secretAttack: HostAttack = {
  id: "B14",
  title: "find a secret that a job was given in arguments, variables and what cupel writes",
  guarantees: ["secret.private"],
  quickFor: ["secret.private"],
  control: { by: "everyone" },
  attempt: findSecret,
};
