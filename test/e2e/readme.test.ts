/** What the README and its neighbours show is so: every fenced block is typed, read by what it is for, or named here. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { stages } from "../../scripts/source/architecture.ts";
import { listFiles, repositoryRoot } from "../../scripts/source/repository.ts";
import { codeSpans, fencedBlocks, matchesLines, parseExamples } from "../support/markdown.ts";
import { needsPrograms } from "../support/must-work.ts";
import { createValidator } from "../support/read-formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { typeCommands, type Answered } from "../support/shell-session.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const pages = ["README.md", ...listFiles([".github/**/*.md"])];
const blocks = pages.flatMap((page) => fencedBlocks(readFileSync(join(repositoryRoot, page), "utf8")));
const ofKind = (kind: string) => blocks.filter((block) => block.kind === kind);
const names = blocks.map(({ kind, text }) => `${kind}: ${text.split("\n")[0] ?? ""}`);

/** Blocks of plain text: neither typed nor read by anything. */
const plainBlocks: Readonly<Record<string, string>> = {
  "dockerfile: FROM debian:12-slim": "an image, which install.test.ts builds",
  "text: model → host → launch → probes → matrix → strategies → select → report → run → verify → commands → main":
    "the line of the architecture, compared below",
  "text: Paste what `cupel doctor --all --redact` prints. It leaves out names, places and secrets; read it before you send it.":
    "a place to be filled in; documentation.test.ts looks at its flags",
};

/** The set-up says what it does, once; the README shows what follows. */
beforeAll(() => {
  Bun.spawnSync([`${repositoryRoot}/scripts/cupel`, "version"]);
}, 120_000);

describe("the parts of a page", () => {
  test("are told apart", () => {
    const page = "a `b\nc`\n\n<!-- test: so -->\n\n```console\n$ d `e`\nf\n$ g\n```\n\n```yaml\nh: 1\n```\n";
    expect(fencedBlocks(page)).toEqual([
      { kind: "console", text: "$ d `e`\nf\n$ g\n", note: "so" },
      { kind: "yaml", text: "h: 1\n", note: undefined },
    ]);
    expect(codeSpans(page)).toEqual(["b c"]);
    expect(parseExamples("$ d\nf\n$ g\n")).toEqual([
      { command: "d", expected: ["f"] },
      { command: "g", expected: [] },
    ]);
  });

  test.each<[readonly string[], readonly string[], boolean]>([
    [["a", "b"], ["a", "c"], false],
    [["a", "b", "c"], ["a", "…", "c"], true],
    [["a", "c"], ["a", "…", "c"], true],
    [["a: b (c), d"], ["a: … (c), …"], true],
    [["a: b (d), d"], ["a: … (c), …"], false],
    [["a", "b"], ["a"], false],
  ])("%p is compared with %p", (seen, expected, answer) => expect(matchesLines(seen, expected)).toBe(answer));
});

describe("fenced blocks", () => {
  test("are all of a kind that is looked at, or named here", () => {
    const looked = ["console", "yaml", "sh"];
    expect(names.filter((name) => !looked.some((kind) => name.startsWith(`${kind}: `)))).toEqual(
      Object.keys(plainBlocks),
    );
    for (const kind of looked) expect([kind, ofKind(kind).length > 1]).toEqual([kind, true]);
  });
});

interface Sitting {
  readonly title: string;
  readonly text: string;
  readonly caller: Caller;
  /** Of a checkout, and not of an installed cupel. */
  readonly isCheckout: boolean;
}

/** Who types what: everyone everything, but for what the page says of ordinary users, and a checkout is its owner's. */
const sittings = ofKind("console").flatMap(({ text, note }): Sitting[] => {
  const isCheckout = text.includes("./scripts/");
  const everyone = note === "as an ordinary user" ? [ordinaryCaller] : callers;
  const typing = isCheckout ? callers.slice(0, 1) : everyone;
  return typing.map((caller) => ({ title: `${caller.name}: ${text.split("\n")[0] ?? ""}`, text, caller, isCheckout }));
});

const homes = new Map(callers.map((owner) => [owner.uid, makeTempDir({ owner })]));
afterAll(() => {
  for (const home of homes.values()) home[Symbol.dispose]();
});

function sit({ text, caller, isCheckout }: Sitting): Promise<Answered[]> {
  // Debian's PATH of an ordinary user has no /sbin.
  const system =
    caller.uid === 0 ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" : "/usr/local/bin:/usr/bin:/bin";
  const own = { PATH: `${dirname(cupel.path)}:${system}`, HOME: homes.get(caller.uid)?.path ?? "" };
  return typeCommands(
    parseExamples(text).map(({ command }) => command),
    {
      caller,
      cwd: isCheckout ? repositoryRoot : cupel.workspace(caller),
      env: { ...cupel.environment(caller), ...(isCheckout ? { PATH: process.env["PATH"] ?? "" } : own) },
    },
  );
}

test("what only an ordinary user can do is tried", () => {
  expect(
    sittings.filter(({ caller, text }) => caller === ordinaryCaller && text.includes("unshare --user")),
  ).toHaveLength(1);
});

test.each(sittings)(
  "$title",
  async (sitting) => {
    const shown = parseExamples(sitting.text);
    for (const { index, code, lines } of await sit(sitting)) {
      const { command = "", expected = [] } = shown[index] ?? {};
      const seen = { command, code, lines };
      expect({ ...seen, isShown: matchesLines(lines, expected) }).toEqual({ ...seen, code: 0, isShown: true });
    }
  },
  120_000,
);

interface GitlabPart {
  readonly include: readonly { local: string }[];
  readonly variables: Readonly<Record<string, string>>;
}

describe("a block of YAML", () => {
  const documents = ofKind("yaml").map(({ text }) => ({ text, document: parse(text) as Record<string, unknown> }));
  const having = (field: string) => documents.filter(({ document }) => field in document);
  const steps = documents.filter(({ document }) => Array.isArray(document));

  test("is a policy, a job, a configuration, steps for GitHub or a part for GitLab", () => {
    const fields = ["require", "command", "records", "include"];
    expect(steps.length + fields.flatMap(having).length).toBe(documents.length);
  });

  test("that is a configuration is by the schema, and counts", async () => {
    const { stdout } = await cupel.run(ordinaryCaller, ["schema", "config"]);
    const problemsOf = createValidator(JSON.parse(stdout) as object);
    expect(having("records")).toHaveLength(1);
    for (const { text, document } of having("records")) {
      expect(problemsOf(document)).toEqual([]);
      using place = makeTempDir({ owner: ordinaryCaller });
      place.file("cupel/config.yaml", text);
      const options = { env: { XDG_CONFIG_HOME: place.path } };
      const { code, stdout: said, stderr } = await cupel.run(ordinaryCaller, ["runs", "prune"], options);
      expect([code, said, stderr]).toEqual([0, expect.stringMatching(/^runs: /), ""]);
    }
  });

  test.each([
    ["policy", "require"],
    ["job", "command"],
  ] as const)("that is a %s is by the schema, and check takes it", async (name, field) => {
    const { stdout } = await cupel.run(ordinaryCaller, ["schema", name]);
    const problemsOf = createValidator(JSON.parse(stdout) as object);
    expect(having(field)).toHaveLength(1);
    for (const { text, document } of having(field)) {
      expect(problemsOf(document)).toEqual([]);
      using place = makeTempDir({ owner: ordinaryCaller });
      const words = ["check", `--${name}`, place.file(`${name}.yaml`, text)];
      const { code, stdout: said, stderr } = await cupel.run(ordinaryCaller, words);
      // Whether this host can hold it is not the page's business.
      expect([said, stderr]).toEqual([expect.stringContaining("\ncheck: "), ""]);
      expect([0, 1]).toContain(code ?? -1);
    }
  });

  test("that is steps for GitHub names an action of this repository, its inputs and its outputs", () => {
    expect(steps).toHaveLength(1);
    for (const { text, document } of steps) {
      for (const { uses, with: inputs } of document as unknown as { uses: string; with?: Record<string, unknown> }[]) {
        const folder = /^OWNER\/cupel\/(.+)@v\d+$/u.exec(uses)?.[1];
        expect([uses, folder !== undefined || uses.startsWith("actions/")]).toEqual([uses, true]);
        if (folder === undefined) continue;
        const action = readYaml(`${folder}/action.yml`) as Record<"inputs" | "outputs", Record<string, unknown>>;
        expect(Object.keys(inputs ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
        const read = Array.from(text.matchAll(/steps\.cupel\.outputs\.([a-z-]+)/gu), ([, name = ""]) => name);
        expect(read.filter((name) => !(name in action.outputs))).toEqual([]);
      }
    }
  });

  test("that is a part for GitLab includes the template and sets variables that it reads", () => {
    const parts = having("include").map(({ document }) => document as unknown as GitlabPart);
    expect(parts).toHaveLength(1);
    for (const { include, variables } of parts) {
      for (const { local } of include) {
        expect(readYaml(local)).toHaveProperty("cupel-preflight");
        const template = readFileSync(join(repositoryRoot, local), "utf8");
        for (const name of Object.keys(variables)) expect(template).toContain(`\${${name}:-`);
      }
    }
  });
});

needsPrograms("shellcheck")("blocks of shell commands are sound, and name what is there", () => {
  const { scripts: packageScripts } = readJson("package.json") as { scripts: object };
  for (const { text } of ofKind("sh")) {
    const { exitCode, stdout } = Bun.spawnSync(["shellcheck", "-s", "sh", "-"], { stdin: Buffer.from(text) });
    expect([stdout.toString(), exitCode]).toEqual(["", 0]);
    const paths = Array.from(
      text.matchAll(/(?:^|\s)(?:\.\/)?((?:scripts|platform|test)\/\S+)/gu),
      ([, path = ""]) => path,
    );
    expect(paths.filter((path) => listFiles([path]).length === 0)).toEqual([]);
    const scripts = Array.from(text.matchAll(/bun run (\S+)/gu), ([, name = ""]) => name);
    expect(scripts.filter((name) => !(name in packageScripts))).toEqual([]);
  }
});

test("the line of the architecture is the one that is kept to", () => {
  expect(ofKind("text").map(({ text }) => text.trim())).toContain(stages.join(" → "));
});

function readYaml(path: string): unknown {
  return parse(readFileSync(join(repositoryRoot, path), "utf8"));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryRoot, path), "utf8"));
}
