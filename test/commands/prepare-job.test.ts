import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import {
  choose,
  matrixOf,
  obtainKnowledge,
  obtainReport,
  planFor,
  prepareJob,
  type Inquiry,
} from "../../src/commands/prepare-job.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import type { Job } from "../../src/model/job.ts";
import type { Verdict } from "../../src/model/report.ts";
import { verdictOf } from "../../src/report/verdict.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { select } from "../../src/select/select.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { allMatrices } from "../fixtures/matrices/matrix.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { runCode } from "../support/evaluate.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

/** A job that nothing keeps. */
const impossible = jobOf({ demands: demands({ required: ["net.allowlist"] }) });

const usual = jobOf();

function inquiry(state: string, of: Job = usual): Inquiry {
  return { job: of, host, directories: [state] };
}

function readVerdict(state: string): Verdict {
  return JSON.parse(readFileSync(`${state}/verdict.json`, "utf8")) as Verdict;
}

/** A process of its own, for what is said on standard error: prints the id and whether it was measured just now. */
async function obtainApart(
  state: string,
  kind: "Knowledge" | "Report",
): Promise<{ id: string; isNew: boolean; stderr: string }> {
  const code = `
    const { obtain${kind} } = await import(src + "/commands/prepare-job.ts");
    const { createRealHost } = await import(src + "/host/real-host.ts");
    const before = Date.now();
    const { verdict, report } = await obtain${kind}({ job: ${JSON.stringify(usual)}, host: createRealHost(), directories: [${JSON.stringify(state)}] }, false);
    console.log(JSON.stringify([verdict.id, report !== undefined && Date.parse(report.createdAt) >= before]));`;
  const ran = await runCode(code, { env: { PATH: process.env["PATH"] ?? "" } });
  expect(ran.code).toBe(0);
  const [id, isNew] = JSON.parse(ran.stdout) as [string, boolean];
  return { id, isNew, stderr: ran.stderr };
}

describe("obtainKnowledge", () => {
  test("measures once, and uses what was saved from then on", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const first = await obtainKnowledge(inquiry(state), false);
    expect(first.report?.id).toBe(first.verdict.id);
    expect(readVerdict(state)).toEqual(JSON.parse(JSON.stringify(first.verdict)) as Verdict);
    const written = statSync(`${state}/verdict.json`).mtimeMs;
    const second = await obtainKnowledge(inquiry(state), false);
    const verdict = readVerdict(state);
    const selection = select({ strategies, job: usual, matrix: verdict.standings, trials: verdict.trials });
    const plan = planFor(usual, selection, verdict.standings);
    expect(second).toEqual({ verdict, verified: [], startCosts: [], decided: { selection, plan } });
    expect(statSync(`${state}/verdict.json`).mtimeMs).toBe(written);
  });

  test("measures again where that is asked for", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const first = await obtainKnowledge(inquiry(state), true);
    const second = await obtainKnowledge(inquiry(state), true);
    expect(second.report).toBeDefined();
    expect(second.verdict.id).not.toBe(first.verdict.id);
    expect(readVerdict(state).id).toBe(second.verdict.id);
  });

  test("measures again for a job that depends on more than was measured", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    await obtainKnowledge(inquiry(state), false);
    const { "cgroup.cpu": _, ...standings } = readVerdict(state).standings;
    writeFileSync(`${state}/verdict.json`, JSON.stringify({ ...readVerdict(state), standings }));
    expect((await obtainKnowledge(inquiry(state), false)).report).toBeDefined();
    expect((await obtainKnowledge(inquiry(state), false)).report).toBeUndefined();
  });

  test("takes what was left out as slow for left out, unless the strongest is wanted", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    await obtainKnowledge(inquiry(state), false);
    const { skipped, ...saved } = readVerdict(state);
    const { "cgroup.cpu": _, ...standings } = saved.standings;
    const skipping = { ...saved, standings, skipped: [...skipped, "cgroup.cpu"] };
    writeFileSync(`${state}/verdict.json`, JSON.stringify(skipping));
    expect((await obtainKnowledge(inquiry(state), false)).report).toBeUndefined();
    const strongest = jobOf({ demands: demands({ prefer: "strongest" }) });
    expect((await obtainKnowledge(inquiry(state, strongest), false)).report).toBeDefined();
  });

  test("measures again where the host is another, and has no word to say of it", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const { id } = (await obtainKnowledge(inquiry(state), false)).verdict;
    const saved = readVerdict(state);
    const changed = { ...saved, fingerprintParts: { ...saved.fingerprintParts, boot: "another" } };
    writeFileSync(`${state}/verdict.json`, JSON.stringify(changed));
    const after = await obtainApart(state, "Knowledge");
    expect([after.isNew, after.stderr, after.id === id]).toEqual([true, "", false]);
  });

  test.each(["Knowledge", "Report"] as const)(
    "of a file that is cut short says why, and measures again: %s",
    async (kind) => {
      using directory = makeTempDir();
      const state = directory.at("state");
      await obtainKnowledge(inquiry(state), false);
      const path = `${state}/${kind === "Report" ? "report" : "verdict"}.json`;
      writeFileSync(path, readFileSync(path, "utf8").slice(0, -9));
      const after = await obtainApart(state, kind);
      expect(after.isNew).toBeTrue();
      expect(after.stderr).toBe(`cupel: ${path} is not used: it is cut short or not JSON\n`);
    },
  );

  test("says where nothing can be saved, and goes on", async () => {
    const { isNew, stderr } = await obtainApart("/proc/cupel", "Knowledge");
    expect(isNew).toBeTrue();
    expect(stderr).toBe("cupel: the report could not be saved, so every run will probe again: /proc/cupel: ENOENT\n");
  });
});

describe("obtainReport", () => {
  test("gives the whole saved report, with the verdict that is its own", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const { report: measured } = await obtainReport(inquiry(state), false);
    const found = await obtainReport(inquiry(state), false);
    if (found.report !== undefined) throw new Error("measured twice");
    expect(found.saved).toEqual(JSON.parse(JSON.stringify(measured)) as typeof found.saved);
    expect(found.verdict).toEqual(verdictOf(found.saved));
  });
});

describe("choose", () => {
  const nothingHere: Verdict = {
    ...verdictOf(firecrackerRoot),
    standings: { "privilege.no-new-privs": { state: "absent" } },
    trials: [],
  };

  test("plans by what was saved, where that will do, and measures nothing", async () => {
    const knowledge = {
      verdict: { ...verdictOf(firecrackerRoot), standings: allMatrices.rootEverything },
      verified: [],
      startCosts: [],
    };
    const choice = await choose(inquiry("/proc/cupel"), knowledge);
    expect(choice).toEqual({
      knowledge,
      selection: expect.objectContaining({ chosen: "namespaces" }) as never,
      plan: {
        strategy: "namespaces",
        isolation: "namespace",
        launch: namespaces.plan(usual, knowledge.verdict.standings),
        guarantees: namespaces.guarantees(usual, knowledge.verdict.standings),
      },
    });
  });

  test("never refuses by what was saved: it measures first", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const { knowledge, plan, selection } = await choose(inquiry(state), {
      verdict: nothingHere,
      verified: [],
      startCosts: [],
    });
    expect([plan?.strategy, selection.chosen]).toEqual(["namespaces", "namespaces"]);
    expect(knowledge.report?.id).toBe(readVerdict(state).id);
    expect(knowledge.verdict.id).not.toBe(nothingHere.id);
  });

  test("refuses by what was measured just now, and does not measure twice", async () => {
    using directory = makeTempDir();
    const report = firecrackerRoot;
    const knowledge = { verdict: verdictOf(report), report, verified: [], startCosts: [] };
    const choice = await choose(inquiry(directory.at("state"), impossible), knowledge);
    expect(choice).toEqual({
      knowledge,
      selection: expect.objectContaining({ accepted: [] }) as never,
      plan: undefined,
    });
    expect(choice.selection.chosen).toBeUndefined();
    expect(await Bun.file(directory.at("state/verdict.json")).exists()).toBeFalse();
  });

  test("refuses what cannot be kept after measuring, with the report that says why", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const choice = await choose(inquiry(state, impossible), { verdict: nothingHere, verified: [], startCosts: [] });
    expect(choice.plan).toBeUndefined();
    expect(choice.knowledge.report?.id).toBe(readVerdict(state).id);
  });
});

describe("planFor", () => {
  test("is nothing where nothing was chosen, or what is not there", () => {
    const selection = { accepted: [], rejected: [] };
    expect(planFor(jobOf(), selection, {})).toBeUndefined();
    expect(planFor(jobOf(), { ...selection, chosen: "magic" }, {})).toBeUndefined();
  });
});

describe("matrixOf", () => {
  test("has each capability under its id", () => {
    const matrix = matrixOf(firecrackerRoot.capabilities);
    expect(Object.values(matrix)).toEqual([...firecrackerRoot.capabilities]);
    expect(Object.entries(matrix).filter(([id, capability]) => id !== capability.id)).toEqual([]);
  });
});

describe("prepareJob", () => {
  /** A default is half of the memory that is free at that moment: of this one. */
  const meminfo = host.readText("/proc/meminfo");
  const readText = (path: string): typeof meminfo => (path === "/proc/meminfo" ? meminfo : host.readText(path));

  const requestWith = (tools: boolean, path: string): Promise<Job> => {
    const environment = { HOME: "/nowhere", PATH: path };
    return prepareJob({ ...defaultRequest, tools }, { ...host, readText, directory: "/", environment }, []);
  };

  test("looks for tools only where they are asked for", async () => {
    using home = makeTempDir();
    const path = home.folder("tools");
    const [without, tools] = [await requestWith(false, path), await requestWith(true, path)];
    expect([without.grants, without.toolDirectories]).toEqual([[], []]);
    expect(tools.toolDirectories).toEqual([path]);
  });

  test("finds none among what every job sees, and is the same then", async () =>
    expect(await requestWith(true, "/bin")).toEqual(await requestWith(false, "/bin")));
});
