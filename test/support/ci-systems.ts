/** CI systems as far as a step sees them: their variables, their files, and the shell that they run its lines in. */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import type { Ran } from "./execute.ts";
import type { InstalledCupel } from "./run-cli.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** What a job says, by the names of the preflight's variables. */
export type Settings = Readonly<Record<string, string>>;

/** How a preflight went. */
export interface Preflight extends Ran {
  /** What it left in its report directory, by name. */
  readonly reports: Readonly<Record<string, string>>;
  /** The job summary; "" where the system has none. */
  readonly summary: string;
  /** The outputs of the step, as later steps see them. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Directories that later steps find programs in. */
  readonly paths: string;
}

/** A project that was checked out on a runner, and a job of it. */
export interface Checkout extends Disposable {
  readonly workspace: TempDir;
  run(settings: Settings): Promise<Preflight>;
}

/** A CI system. */
export interface CiSystem {
  readonly name: string;
  checkOut(cupel: InstalledCupel, caller: Caller): Checkout;
}

interface Step {
  readonly shell: string;
  readonly "working-directory": string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly [Step] };
}

interface GitlabJob {
  readonly variables: Readonly<Record<string, string>>;
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[]; readonly reports: { readonly junit: string } };
}

const folder = join(repositoryRoot, "platform/ci");

function readYaml(path: string): unknown {
  return parse(readFileSync(join(folder, path), "utf8"));
}

/** The action's definition. */
export const action: Action = readYaml("github/action.yml") as Action;

/** The template's one job. */
export const gitlabJob = (readYaml("gitlab/cupel.gitlab-ci.yml") as { "cupel-preflight": GitlabJob })[
  "cupel-preflight"
];

const reportNames = ["report.json", "junit.xml", "summary.md"];

function readReports(directory: string): Record<string, string> {
  const found = reportNames.filter((name) => existsSync(join(directory, name)));
  return Object.fromEntries(found.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

/** Outputs in the simple form; a line of anything else is an error, as it is to the runner. */
function parseOutputs(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w-]+)=(.*)$/u.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`no output: ${line}`);
      return [name, value];
    }),
  );
}

/** The inputs that pass on these settings: each variable of the step is one input's value. */
function inputsFor(step: Step, settings: Settings): Record<string, string> {
  const named = Object.entries(step.env).map(([variable, expression]) => {
    const [, input = ""] = /^\$\{\{ inputs\.([\w-]+) \}\}$/u.exec(expression) ?? [];
    if (action.inputs[input] === undefined) throw new Error(`${expression} is no input`);
    return [variable, settings[variable] ?? action.inputs[input].default] as const;
  });
  const unknown = Object.keys(settings).filter((variable) => !(variable in step.env));
  if (unknown.length > 0) throw new Error(`the action passes nothing on to ${unknown.join(", ")}`);
  return Object.fromEntries(named);
}

/** GitHub: actions/runner writes `run` to a file and runs it as `sh -e FILE` (docs.github.com, shell of a step). */
const github: CiSystem = {
  name: "GitHub",
  checkOut: (cupel, caller) => {
    const [workspace, runner] = [makeTempDir({ owner: caller }), makeTempDir({ owner: caller })];
    cpSync(folder, runner.at("action"), { recursive: true });
    const [step] = action.runs.steps;
    const read = (name: string): string => readFileSync(runner.at(name), "utf8");
    return {
      workspace,
      run: async (settings) => {
        for (const name of ["summary", "output", "path"]) runner.file(name);
        const env = {
          ...inputsFor(step, settings),
          CI: "true",
          GITHUB_ACTIONS: "true",
          GITHUB_ACTION_PATH: runner.at("action/github"),
          GITHUB_WORKSPACE: workspace.path,
          RUNNER_TEMP: runner.folder("temp"),
          GITHUB_STEP_SUMMARY: runner.at("summary"),
          GITHUB_OUTPUT: runner.at("output"),
          GITHUB_PATH: runner.at("path"),
        };
        const script = runner.file("step.sh", step.run);
        const ran = await cupel.outside(caller, [step.shell, "-e", script], { cwd: workspace.path, env });
        const seen = parseOutputs(read("output"));
        const outputs = Object.entries(action.outputs).map(([name, { value }]): [string, string] => {
          const [, output = ""] = /^\$\{\{ steps\.preflight\.outputs\.([\w-]+) \}\}$/u.exec(value) ?? [];
          return [name, seen[output] ?? ""];
        });
        const reports = readReports(settings["CUPEL_REPORT_DIRECTORY"] ?? runner.at("temp/cupel-report"));
        return { ...ran, reports, summary: read("summary"), outputs: Object.fromEntries(outputs), paths: read("path") };
      },
      [Symbol.dispose]: () => {
        workspace[Symbol.dispose]();
        runner[Symbol.dispose]();
      },
    };
  },
};

const nothingMore = { summary: "", outputs: {}, paths: "" };

/** GitLab: the runner's shell reads all lines as one script, after `set -o errexit` and, in bash, pipefail (gitlab-runner, shells/bash.go). */
function gitlab(shell: "sh" | "bash"): CiSystem {
  return {
    name: `GitLab with ${shell}`,
    checkOut: (cupel, caller) => {
      const workspace = makeTempDir({ owner: caller });
      const begin = shell === "bash" ? "set -eo pipefail" : "set -e";
      const script = [begin, "set +o noclobber", ...gitlabJob.script, "echo the next line"].join("\n");
      return {
        workspace,
        run: async (settings) => {
          const env = { CI: "true", GITLAB_CI: "true", CI_PROJECT_DIR: workspace.path, ...gitlabJob.variables };
          const words = [shell, "-c", script];
          const ran = await cupel.outside(caller, words, { cwd: workspace.path, env: { ...env, ...settings } });
          return { ...ran, ...nothingMore, reports: readReports(workspace.at(gitlabJob.artifacts.paths[0] ?? "")) };
        },
        [Symbol.dispose]: () => workspace[Symbol.dispose](),
      };
    },
  };
}

/** Any other system, or a person: the script itself. */
const plain: CiSystem = {
  name: "a plain shell",
  checkOut: (cupel, caller) => {
    const workspace = makeTempDir({ owner: caller });
    const script = workspace.file("preflight.sh", readFileSync(join(folder, "preflight.sh")), 0o755);
    return {
      workspace,
      run: async (settings) => {
        const ran = await cupel.outside(caller, [script], { cwd: workspace.path, env: settings });
        return { ...ran, ...nothingMore, reports: readReports(workspace.at("cupel-report")) };
      },
      [Symbol.dispose]: () => workspace[Symbol.dispose](),
    };
  },
};

/** All of them. */
export const ciSystems = { github, gitlab: gitlab("bash"), gitlabInSh: gitlab("sh"), plain } as const;
