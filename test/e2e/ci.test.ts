/** The preflight as each CI system runs it: its own lines, in its own shell, with the variables and files that it sets. */
import { beforeAll, describe, expect, test } from "bun:test";
import { ciSystems, gitlabJob, type CiSystem, type Preflight, type Settings } from "../support/ci-systems.ts";
import { needsPrograms } from "../support/must-work.ts";
import { junitProblems, parseWorkflowCommands } from "../support/read-formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const here = { CUPEL_EXECUTABLE: cupel.path };
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface Written {
  readonly exitCode: number;
  readonly result: string;
  readonly report: { readonly id: string };
}

/** The reports, each read by its strict reader: one measurement in all of them. */
function readWritten({ reports }: Preflight): Written {
  const written = JSON.parse(reports["report.json"] ?? "null") as Written;
  const junit = reports["junit.xml"] ?? "";
  expect(junitProblems(junit)).toEqual([]);
  expect(junit).toContain(`<property name="report" value="${written.report.id}"/>`);
  expect(reports["summary.md"]).toStartWith("## ");
  return written;
}

/** What is demanded, and what comes of it. */
interface Ending {
  readonly name: string;
  readonly settings: Settings;
  readonly code: number;
  readonly result: string;
  /** Kinds of the annotations, without the last one, which is the verdict. */
  readonly annotations: readonly string[];
  /** The last line of the text. */
  readonly verdict: string;
}

const endings: readonly Ending[] = [
  {
    name: "passes",
    settings: { CUPEL_REQUIRE: "net.none", CUPEL_MIN: "namespace" },
    code: 0,
    result: "passed",
    annotations: [],
    verdict: "check: passed: 2 demands hold",
  },
  {
    name: "fails",
    settings: { CUPEL_REQUIRE: "net.allowlist" },
    code: 1,
    result: "failed",
    annotations: ["error"],
    verdict: "check: failed: 1 of 1 demand does not hold",
  },
  {
    name: "cannot tell",
    settings: { CUPEL_CAPABILITY: "program.podman" },
    code: 3,
    result: "unknown",
    annotations: ["error"],
    verdict: "check: cannot tell: 1 of 1 demand cannot be told",
  },
];

describe.each(callers)("called by $name,", (caller) => {
  describe.each(endings)("a preflight that $name", ({ settings, code, result, annotations, verdict }) => {
    const run = async (system: CiSystem, folder: string): Promise<Preflight> => {
      const hangs = {
        ...cupel,
        outside: (...[who, words, options]: Outside) => cupel.outside(who, words, inPath(options, folder)),
      };
      using checkout = system.checkOut(hangs, caller);
      return await checkout.run({ ...here, ...settings });
    };
    let ran: Readonly<Record<keyof typeof ciSystems, Preflight>>;

    beforeAll(async () => {
      // Where podman is asked for, it hangs.
      using programs = makeTempDir({ owner: caller });
      programs.file("podman", "#!/bin/sh\nexec sleep 1000000\n", 0o755);
      const { github, gitlab, gitlabInSh, plain } = ciSystems;
      const [one, two, three, four] = await Promise.all([
        run(github, programs.path),
        run(gitlab, programs.path),
        run(gitlabInSh, programs.path),
        run(plain, programs.path),
      ]);
      ran = { github: one, gitlab: two, gitlabInSh: three, plain: four };
    });

    needsPrograms("xmllint")("on GitHub says so by exit code, annotations, summary and outputs", () => {
      const { github } = ran;
      expect(github).toMatchObject({ code, stderr: "", paths: "" });
      const commands = parseWorkflowCommands(github.stdout);
      const names = commands.map(({ name }) => name);
      expect([names.filter((name) => name !== "notice"), names.at(-1)]).toEqual([[...annotations], "notice"]);
      expect(readWritten(github)).toMatchObject({ exitCode: code, result });
      expect(github.summary).toBe(github.reports["summary.md"] ?? "");
      const { report, junit, ...rest } = github.outputs;
      expect(rest).toEqual({ result, "exit-code": String(code), executable: cupel.path });
      expect([report?.endsWith("/report.json"), junit?.endsWith("/junit.xml")]).toEqual([true, true]);
    });

    needsPrograms("xmllint", "bash")("on GitLab says so by exit code, its log and the test report", () => {
      for (const gitlab of [ran.gitlab, ran.gitlabInSh]) {
        expect(gitlab).toMatchObject({ code, stderr: "" });
        const lines = gitlab.stdout.trimEnd().split("\n");
        expect(lines.slice(-2)).toContain(verdict);
        // What a job does behind it is done where it passed.
        expect(lines.includes("the next line")).toBe(code === 0);
        expect(readWritten(gitlab)).toMatchObject({ exitCode: code, result });
        expect(gitlabJob.artifacts.reports.junit).toBe("cupel-report/junit.xml");
      }
    });

    needsPrograms("xmllint")("in a plain shell says so by exit code and text", () => {
      expect(ran.plain).toMatchObject({ code, stderr: "" });
      expect(ran.plain.stdout.trimEnd().split("\n").at(-1)).toBe(verdict);
      expect(readWritten(ran.plain)).toMatchObject({ exitCode: code, result });
    });
  });

  test("wrong input is said in one sentence, and leaves no report of before", async () => {
    for (const system of Object.values(ciSystems)) {
      using checkout = system.checkOut(cupel, caller);
      expect(await checkout.run({ ...here, CUPEL_CAPABILITY: "host.kernel" })).toMatchObject({ code: 0 });
      const ran = await checkout.run({ ...here, CUPEL_REQUIRE: "no.such" });
      expect([ran.code, ran.reports]).toEqual([64, {}]);
      const said = '--require does not take "no.such"';
      if (system.name === "GitHub") {
        const commands = parseWorkflowCommands(ran.stdout);
        expect(commands.map(({ name, message }) => [name, message.startsWith(said)])).toEqual([["error", true]]);
        expect(ran.outputs).toEqual({
          result: "error",
          "exit-code": "64",
          report: "",
          junit: "",
          executable: cupel.path,
        });
      } else {
        expect([ran.stdout, ran.stderr]).toEqual([
          "",
          expect.stringMatching(/^cupel: --require does not take "no\.such"[^\n]*\n$/),
        ]);
      }
    }
  });
});

type Outside = Parameters<typeof cupel.outside>;

function inPath(options: Outside[2], folder: string): Outside[2] {
  return { ...options, env: { ...options?.env, PATH: `${folder}:${path}` } };
}
