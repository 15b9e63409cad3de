/**
 * Each guarantee of `namespaces` broken on purpose, and those of `landlock` that it keeps by other means: a launcher
 * without the step that keeps it, in a copy of the sources. `cupel verify` sees each, by attacks on that very guarantee.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Report } from "../../src/model/report.ts";
import type { Verification } from "../../src/model/verification.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { makeMutant } from "../support/mutant.ts";
import { mutants } from "../support/mutants.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";

const sound = join(repositoryRoot, "src/main.ts");
const deadlineMs = 120_000;

/**
 * What a launcher with a fault may end or see is no more than this; an ordinary user's is as weak as that user. All calls
 * share one, since a report holds for the namespaces that it was made in.
 */
const contained = isRoot ? ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"] : [];

const separator = "\n--- the next one ---\n";

/** What each of them writes, run by the runtime of the tests; the report is the first one's, for whose build all pass. */
async function callEach(
  caller: Caller,
  state: TempDir,
  mains: readonly string[],
  words: readonly string[],
): Promise<string[]> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: state.path, XDG_STATE_HOME: state.path, LANG: "C.UTF-8" };
  const quote = (word: string): string => `'${word}'`;
  const lines = mains.map((main) => [...caller.prefix, process.execPath, main, ...words].map(quote).join(" "));
  const script = lines.join(`; printf ${quote(separator.replaceAll("\n", "\\n"))}; `);
  const ran = await execute([...contained, "sh", "-c", script], { cwd: state.path, env, deadlineMs });
  expect(ran.stderr).toBe("");
  return ran.stdout.split(separator);
}

function statesOf(output: string | undefined): unknown {
  const [subject] = (JSON.parse(output ?? "") as Verification).subjects;
  return subject?.guarantees.map(({ id, state }) => [id, state]);
}

for (const { without, breaks, by, patches, network = "none", strategy = "namespaces" } of mutants) {
  const caller = by === "root" ? callers[0] : ordinaryCaller;
  const title = `${strategy === "namespaces" ? "" : `${strategy} `}without ${without}, ${breaks.join(", ")} ${breaks.length === 1 ? "is" : "are"} seen to be broken`;
  needs(by === "anyone" || isRoot, "only root can be told apart from its jobs")(title, async () => {
    if (caller === undefined) throw new Error("nobody calls");
    using state = makeTempDir({ owner: caller });
    using mutant = await makeMutant(patches);
    // Changes to a copy-on-write workspace have no cap.
    const workspace = breaks.includes("limit.disk") ? ["--workspace", "ro"] : [];
    const flags = [...workspace, "--network", network, "--guarantee", breaks.join(","), "--json"];
    const words = ["verify", "--strategy", strategy, ...flags];
    const [before, after] = await callEach(caller, state, [sound, mutant.main], words);
    expect(statesOf(before)).toEqual(breaks.map((id) => [id, "held"]));
    expect(statesOf(after)).toEqual(breaks.map((id) => [id, "broken"]));
  });
}

test("every guarantee that namespaces keeps has such a launcher", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody calls");
  using state = makeTempDir({ owner: caller });
  const [output = ""] = await callEach(caller, state, [sound], ["doctor", "--json"]);
  const report = JSON.parse(output) as Report;
  const decisions = report.strategies.find(({ id }) => id === "namespaces")?.guarantees ?? [];
  const kept = decisions.flatMap(({ id, kept: isKept }) => (isKept ? [id] : []));
  const broken = mutants.flatMap(({ breaks, strategy }) => (strategy === undefined ? breaks : []));
  expect(kept.filter((id) => !broken.includes(id))).toEqual([]);
});
