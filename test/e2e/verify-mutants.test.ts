/**
 * Each guarantee of `namespaces` broken on purpose, and those of `landlock` that it keeps by other means: a launcher
 * without the step that keeps it, in a copy of the sources. `cupel verify` sees each, by attacks on that very guarantee.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Report } from "../../src/model/report.ts";
import type { Verification } from "../../src/model/verification.ts";
import { inParallel } from "../../src/verify/in-parallel.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { makeMutant } from "../support/mutant.ts";
import { mutants, type Mutant } from "../support/mutants.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";

const sound = join(repositoryRoot, "src/main.ts");
const deadlineMs = 400_000;

/**
 * What a launcher with a fault may end or see is no more than this; an ordinary user's is as weak as that user. All calls
 * share one, since a report holds for the namespaces that it was made in.
 */
const contained = isRoot ? ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"] : [];

/** What one with a fault has left running is no work of the next one: the shell is the first process there. */
const endAll = isRoot ? "kill -9 -1 2>/dev/null; " : "";

const separator = "\n--- the next one ---\n";

interface Call {
  /** Run by the runtime of the tests. */
  readonly main: string;
  readonly words: readonly string[];
}

function quote(word: string): string {
  return `'${word}'`;
}

/** What each of them writes; the report is the first one's, for whose build all pass, and what it verified is forgotten. */
async function callEach(caller: Caller, state: TempDir, calls: readonly Call[]): Promise<string[]> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: state.path, XDG_STATE_HOME: state.path, LANG: "C.UTF-8" };
  const lines = calls.map(({ main, words }) =>
    [...caller.prefix, process.execPath, main, ...words].map(quote).join(" "),
  );
  const between = `${endAll}rm -f ${quote(state.at("cupel/verification.json"))}; printf ${quote(separator.replaceAll("\n", "\\n"))}`;
  const script = lines.join(`; ${between}; `);
  const ran = await execute([...contained, "sh", "-c", script], { cwd: state.path, env, deadlineMs });
  expect(ran.stderr).toBe("");
  return ran.stdout.split(separator);
}

function statesOf(output: string | undefined): unknown {
  const [subject] = (JSON.parse(output ?? "") as Verification).subjects;
  return subject?.guarantees.map(({ id, state }) => [id, state]);
}

function wordsFor({ breaks, network, strategy }: Mutant): string[] {
  // Changes to a copy-on-write workspace have no cap.
  const workspace = breaks.includes("limit.disk") ? ["--workspace", "ro"] : [];
  const flags = [...workspace, "--network", network ?? "none", "--guarantee", breaks.join(","), "--json"];
  return ["verify", "--strategy", strategy ?? "namespaces", ...flags];
}

interface Attacked {
  readonly mutant: Mutant;
  /** What the sound launcher, and then the one without the step, was seen to be. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The sound one first, for all: what a launcher with a fault leaves behind takes processors from whoever comes after it. */
async function attackAll(caller: Caller, chosen: readonly Mutant[]): Promise<Attacked[]> {
  using state = makeTempDir({ owner: caller });
  await using built = new AsyncDisposableStack();
  const made = await inParallel(
    chosen.map(
      ({ patches }) =>
        async () =>
          built.use(await makeMutant(patches)),
    ),
    cpus().length,
  );
  const soundly = chosen.map((mutant) => ({ main: sound, words: wordsFor(mutant) }));
  const faultily = soundly.map((call, index) => ({ ...call, main: made[index]?.main ?? sound }));
  const outputs = await callEach(caller, state, [...soundly, ...faultily]);
  return chosen.map((mutant, index) => ({
    mutant,
    before: outputs[index],
    after: outputs[chosen.length + index],
  }));
}

function titleOf({ without, breaks, strategy }: Mutant): string {
  const verb = breaks.length === 1 ? "is" : "are";
  return `${strategy === undefined ? "" : `${strategy} `}without ${without}, ${breaks.join(", ")} ${verb} seen to be broken`;
}

const rootMutants = mutants.filter(({ by }) => by === "root");

describe.each([
  { by: "root", caller: callers[0], chosen: rootMutants },
  { by: "an ordinary user", caller: ordinaryCaller, chosen: mutants.filter((one) => !rootMutants.includes(one)) },
])("a launcher that $by calls", ({ by, caller, chosen }) => {
  const canRun = isRoot || by !== "root";
  let attacked: readonly Attacked[] = [];
  beforeAll(async () => {
    if (canRun && caller !== undefined) attacked = await attackAll(caller, chosen);
  }, deadlineMs);

  for (const mutant of chosen)
    needs(canRun, "only root can be told apart from its jobs")(titleOf(mutant), () => {
      const found = attacked.find((one) => one.mutant === mutant);
      expect(statesOf(found?.before)).toEqual(mutant.breaks.map((id) => [id, "held"]));
      expect(statesOf(found?.after)).toEqual(mutant.breaks.map((id) => [id, "broken"]));
    });
});

test("every guarantee that namespaces keeps has such a launcher", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody calls");
  using state = makeTempDir({ owner: caller });
  const [output = ""] = await callEach(caller, state, [{ main: sound, words: ["doctor", "--json"] }]);
  const report = JSON.parse(output) as Report;
  const decisions = report.strategies.find(({ id }) => id === "namespaces")?.guarantees ?? [];
  const kept = decisions.flatMap(({ id, kept: isKept }) => (isKept ? [id] : []));
  const broken = mutants.flatMap(({ breaks, strategy }) => (strategy === undefined ? breaks : []));
  expect(kept.filter((id) => !broken.includes(id))).toEqual([]);
});
