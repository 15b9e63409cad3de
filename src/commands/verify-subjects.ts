/** Which sandboxes `verify` attacks: strategies of this host's, or somebody else's by a command. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { seccompProfileNames, jobNetworks, type Job } from "../model/job.ts";
import type { Report } from "../model/report.ts";
import { describeRejection } from "../report/rejection-words.ts";
import { defaultRequest, type JobRequest } from "../run/job-request.ts";
import { findLayerPlace } from "../run/layer-place.ts";
import { mechanismsOf } from "../select/mechanisms.ts";
import { isAvailable, judgeAll, select } from "../select/select.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { commandSubject } from "../verify/command-subject.ts";
import { strategySubject, type SandboxChoice } from "../verify/strategy-subject.ts";
import type { Subject } from "../verify/verify-subject.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { matrixOf, obtainReport, prepareJob, type Inquiry } from "./prepare-job.ts";

/** What is attacked, and what is known of the host. */
export interface FoundSubjects {
  readonly subjects: readonly Subject[];
  readonly report: Report;
}

/** Which sandbox of the strategies': the default job's, unless flags say otherwise. What a job lists is not said by them. */
export function sandboxChoice({ flags }: CommandLine): Omit<SandboxChoice, "allowedHosts"> {
  const named = <Word extends string>(flag: string, words: readonly Word[], otherwise: Word): Word =>
    words.find((word) => word === flags.get(flag)?.at(-1)) ?? otherwise;
  return {
    network: named("network", jobNetworks, "none"),
    ...(flags.has("transparent-network") ? { isTransparent: true } : {}),
    seccomp: named("seccomp", seccompProfileNames, "default"),
    workspace: named("workspace", ["cow", "ro", "rw"], "cow"),
    terminal: flags.has("tty") ? "private" : "none",
  };
}

/** A compiled cupel is its own program; in a checkout the runtime executes main.ts. */
function ownCommand(): string[] {
  const [runtime = process.execPath, script = ""] = process.argv;
  const isCompiled = script === "" || script.startsWith("/$bunfs/");
  return isCompiled ? [process.execPath] : [runtime, script];
}

function requestOf({ network, allowedHosts, isTransparent, seccomp, terminal }: SandboxChoice): JobRequest {
  const own = network === "allow" ? { allowedHosts, isTransparent } : { network };
  return { ...defaultRequest, workspace: "none", ...own, seccomp, terminal, accept: "all" };
}

/** As the attacked job will be: with a directory of the host's, and a program that is granted. */
function asAttacked(job: Job, { workspace }: SandboxChoice, host: Host, directories: readonly string[]): Job {
  const path = "/cupel-verify/workspace";
  if (workspace !== "cow") return { ...job, workspace: { mode: workspace, path }, directory: path };
  const place = findLayerPlace(directories, host.identity.uid, path);
  const manner = place?.isFitForOverlay === true ? "overlay" : "fuse";
  const layered = { mode: workspace, path, isStated: true, manner, ignore: [], apply: "never" } as const;
  return { ...job, workspace: layered, directory: path };
}

function subjectOf(strategy: Strategy, job: Job, choice: SandboxChoice, report: Report): Subject {
  const matrix = matrixOf(report.capabilities);
  return strategySubject({
    id: strategy.id,
    mechanisms: mechanismsOf(job, strategy.plan(job, matrix)),
    declared: strategy.guarantees(job, matrix),
    cupel: ownCommand(),
    choice,
  });
}

function unavailable(id: string, job: Job, report: Report): CupelError {
  const matrix = matrixOf(report.capabilities);
  const named = { ...job, demands: { ...job.demands, strategy: id } };
  const rejection = select({ strategies, job: named, matrix, trials: report.trials }).rejected.find(
    ({ strategy }) => strategy === id,
  );
  const why = rejection === undefined ? "is not there" : describeRejection(rejection, matrix);
  return new CupelError("usage", `strategy ${id} cannot be attacked here: it ${why}`);
}

function availableFor(job: Job, report: Report): Strategy[] {
  return judgeAll({ strategies, job, matrix: matrixOf(report.capabilities), trials: report.trials })
    .filter(isAvailable)
    .map(({ strategy }) => strategy);
}

/** A saved report is enough, unless a strategy is asked for of which it says nothing: no job waits for that to be measured. */
async function obtainFor(line: CommandLine, inquiry: Inquiry, attacked: Job): Promise<Report> {
  const isFresh = line.flags.has("fresh");
  if (!line.flags.has("all")) {
    const known = await obtainReport(inquiry, isFresh);
    const report = known.report ?? known.saved;
    const ids = availableFor(attacked, report).map(({ id }) => id);
    if ((line.flags.get("strategy") ?? []).every((id) => ids.includes(id))) return report;
  }
  const { job } = inquiry;
  const known = await obtainReport(
    { ...inquiry, job: { ...job, demands: { ...job.demands, prefer: "strongest" } } },
    isFresh,
  );
  return known.report ?? known.saved;
}

/** The named ones, all that are here, or the one that the default job would run in. */
function chooseStrategies(line: CommandLine, job: Job, report: Report): Strategy[] {
  const available = availableFor(job, report);
  const named = line.flags.get("strategy") ?? [];
  const missing = named.find((id) => !available.some((strategy) => strategy.id === id));
  if (missing !== undefined) throw unavailable(missing, job, report);
  if (named.length > 0) return available.filter(({ id }) => named.includes(id));
  if (line.flags.has("all")) return available;
  return available.filter(({ id }) => id === report.selection.chosen);
}

function checkFlags({ flags }: CommandLine): void {
  const strays = ["strategy", "all", "network", "transparent-network", "seccomp", "workspace", "tty"].filter((name) =>
    flags.has(name),
  );
  if (flags.has("subject") && strays[0] !== undefined)
    throw new CupelError("usage", `--${strays[0]} is about strategies of cupel's; leave it out, or --subject`);
  if (flags.has("transparent-network") && flags.get("network")?.at(-1) !== "allow")
    throw new CupelError(
      "usage",
      "--transparent-network is about jobs with a list; add --network allow, or leave it out",
    );
  if (flags.has("strategy") && flags.has("all"))
    throw new CupelError("usage", "--strategy and --all cannot be given together; --all is every strategy");
}

/** @throws CupelError `usage` for flags that do not fit together, and for a strategy that is not here. */
export async function findSubjects(
  line: CommandLine,
  host: Host,
  directories: readonly string[],
  choice: SandboxChoice,
): Promise<FoundSubjects> {
  checkFlags(line);
  const commands = (line.flags.get("subject") ?? []).map(commandSubject);
  const job = await prepareJob(requestOf(choice), host, directories);
  const attacked = asAttacked(job, choice, host, directories);
  const report = await obtainFor(line, { job, host, directories }, attacked);
  if (commands.length > 0) return { subjects: commands, report };
  const subjects = chooseStrategies(line, attacked, report).map((strategy) =>
    subjectOf(strategy, attacked, choice, report),
  );
  if (subjects.length > 0) return { subjects, report };
  throw new CupelError(
    "usage",
    "no strategy keeps the default job's demands here; name one with --strategy, or --all",
    {
      hint: "cupel doctor says what stands in the way.",
    },
  );
}
