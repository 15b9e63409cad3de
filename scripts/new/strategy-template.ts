/** A strategy to start from: a plan that the launcher can carry out, and no guarantee kept until one is decided. */
import type { NewFile, PluginName } from "./plugin-name.ts";

/** What the template has to know of the others. */
export interface StrategyFacts {
  /** One that no strategy has. */
  readonly rank: number;
  readonly guarantees: readonly string[];
}

/** Strategy and test. */
export function strategyFiles(name: PluginName, facts: StrategyFacts): NewFile[] {
  return [
    { path: `src/strategies/${name.file}.ts`, text: strategyText(name, facts) },
    { path: `test/strategies/${name.file}.test.ts`, text: testText(name) },
  ];
}

// --- internal ---

function strategyText({ file, title }: PluginName, { rank, guarantees }: StrategyFacts): string {
  return `/** ${title}: so far a plain process that keeps nothing. Decide each guarantee, and plan what keeps it. */
import type { Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { controlGroupLimits, decideAll, jobEnvironment, notProvided, type GuaranteeRule } from "./_decide.ts";
import { defineStrategy } from "./_strategy.ts";

const undecided = notProvided("nobody has decided how ${file} keeps it");

const rules: Readonly<Record<GuaranteeId, GuaranteeRule>> = {
${guarantees.map((id) => `  "${id}": undecided,\n`).join("")}};

function plan(job: Job, matrix: Standings): LauncherPlan {
  return {
    kind: "launcher",
    namespaces: [],
    outside: "caller",
    root: [],
    terminal: job.terminal,
    loopbackUp: false,
    command: job.command,
    directory: job.workspace.mode === "empty" ? "/" : job.directory,
    environment: jobEnvironment(job, "/tmp", "job"),
    umask: 0o022,
    resourceLimits: { core: 0 },
    controlGroup: controlGroupLimits({ job, matrix }),
    dropCapabilities: true,
    seccomp: "none",
    sockets: "by-profile",
    landlockScopes: [],
    timeoutMs: job.limits.timeoutMs,
    graceMs: job.limits.graceMs,
  };
}

/** Strategy \`${file}\`. */
export default defineStrategy({
  id: "${file}",
  rank: ${rank},
  isolation: "process",
  summary: "keeps nothing yet",
  explanation: "It says here in whole sentences what it does, and when it is the one to take.",
  requires: () => ["privilege.no-new-privs"],
  guarantees: (job, matrix) => decideAll(rules, { job, matrix }),
  plan,
});
`;
}

function testText({ file }: PluginName): string {
  return `import { describe, expect, test } from "bun:test";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import strategy from "../../src/strategies/${file}.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const job = jobOf({ limits: { graceMs: 1000, timeoutMs: 5000 } });

describe("strategy ${file}", () => {
  test("decides every guarantee, in report order", () => {
    expect(strategy.guarantees(job, {}).map(({ id }) => id)).toEqual([...guaranteeIds]);
  });

  test("keeps nothing where no capability is known", () => {
    expect(strategy.guarantees(job, {}).filter(({ kept }) => kept)).toEqual([]);
  });

  test("plans the job's command, and the same whenever it is asked", () => {
    expect(strategy.plan(job, {})).toMatchObject({ command: ["/bin/true"], timeoutMs: 5000 });
    expect(strategy.plan(job, {})).toEqual(strategy.plan(job, {}));
  });
});
`;
}
