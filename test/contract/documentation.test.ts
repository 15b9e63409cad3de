/** The pages and the program name the same things: nothing in the pages that is not there, nothing left out of them. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, repositoryRoot } from "../../scripts/source/repository.ts";
import { descriptions } from "../../src/commands/descriptions.ts";
import { guaranteePromises } from "../../src/model/guarantee.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { codeSpans, fencedBlocks, parseExamples } from "../support/markdown.ts";
import {
  callersVariables,
  callProblems,
  installerFlags,
  makersVariables,
  places,
  spanProblems,
} from "../support/page-names.ts";

/** What was measured of others names what is theirs. */
const ofOthers = /<!-- written by scripts\/peers\.ts -->[\s\S]*<!-- end of what scripts\/peers\.ts wrote -->/u;
const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8").replace(ofOthers, "");
const pages = ["README.md", ...listFiles([".github/**/*.md"])];
const readme = read("README.md");
const contributing = read(".github/CONTRIBUTING.md");

describe.each(pages)("%s", (page) => {
  const text = read(page);

  test("names nothing between back quotes that is not there", () => {
    expect(codeSpans(text).flatMap(spanProblems)).toEqual([]);
  });

  test("calls cupel as it can be called", () => {
    const blocks = fencedBlocks(text);
    const typed = blocks.flatMap((block) =>
      block.kind === "console" ? parseExamples(block.text).map(({ command }) => command) : block.text.split("\n"),
    );
    expect(typed.flatMap((line) => callProblems(line.replaceAll("./scripts/cupel", "cupel")))).toEqual([]);
  });

  test("has links that lead somewhere", () => {
    const links = Array.from(text.matchAll(/\]\(([^)#]+)(?:#([a-z-]+))?\)/gu), ([, path = "", part]) => ({
      path,
      part,
    }));
    const missing = links.filter(({ path, part }) => {
      const target = join(page, "..", path);
      if (!existsSync(join(repositoryRoot, target))) return true;
      const heads = Array.from(read(target).matchAll(/^#+ (.+)$/gmu), ([, head = ""]) => head);
      return part !== undefined && !heads.some((head) => head.toLowerCase().replaceAll(/[^a-z]+/gu, "-") === part);
    });
    expect(missing).toEqual([]);
  });
});

describe("the README names", () => {
  const spans = codeSpans(readme);
  const items = readme.replaceAll(/\n {2}(?=\S)/gu, " ").split("\n");
  const itemOf = (start: string): string => items.find((line) => line.startsWith(start)) ?? "";

  test.each(descriptions.map((description) => [description.name, description] as const))(
    "%s with its flags and exit codes",
    (name, { summary, flags, exitCodes = [] }) => {
      const item = itemOf(`- \`cupel ${name}`);
      expect(item).toContain(summary);
      for (const flag of flags.filter((one) => one.name !== "help")) expect(item).toMatch(`--${flag.name}`);
      const codes = items.filter((line) => line.startsWith("- `") && line.split(":")[0]?.includes(`\`${name}\``));
      for (const { code, meaning } of exitCodes) expect(codes.join("\n")).toContain(`**${code}** ${meaning}`);
    },
  );

  test("every guarantee with its promise, and what each strategy says of it", () => {
    for (const [id, promise] of Object.entries(guaranteePromises))
      expect(readme).toMatch(new RegExp(`^\\| \`${id}\` +\\| ${promise} +\\|`, "mu"));
    for (const { id, isolation, rank, summary } of strategies)
      expect(items).toContain(`**\`${id}\`** (class \`${isolation}\`, rank ${rank}): ${summary}.`);
  });

  test("every variable that the program, the installer and the preflight read", () => {
    expect(callersVariables.filter((name) => !spans.includes(name))).toEqual([]);
    expect(callersVariables).toContainValues(["XDG_STATE_HOME", "CUPEL_BASE_URL", "NO_COLOR", "container", "CI"]);
  });

  test("every place of its state", () => {
    expect(places().filter((place) => !spans.includes(place))).toEqual([]);
    expect(places()).toContainValues(["~/.local/state/cupel", "/var/lib/cupel", "/tmp/cupel-UID"]);
  });

  test("every flag of the installer", () => {
    const missing = installerFlags.filter((name) => !spans.some((span) => span.split(" ")[0] === `--${name}`));
    expect(missing).toEqual(["help"]);
  });
});

test("the notes on contributing name every variable that the project's scripts read", () => {
  const spans = codeSpans(contributing).map((span) => span.replace(/=.*$/u, ""));
  expect(makersVariables.filter((name) => !spans.includes(name) && !codeSpans(readme).includes(name))).toEqual([]);
});

test.each([
  ["--network hosts", "--network hosts: no such value"],
  ["--netwrok host", "--netwrok host: no such flag"],
  ["cupel doktor", "cupel doktor: no such command"],
  ["cupel doctor --require net.none", "--require net.none: no such flag"],
  ["fs.raed", "fs.raed: names nothing"],
  ["CUPEL_POLICE", "CUPEL_POLICE: names nothing"],
  ["src/probes/none.ts", "src/probes/none.ts: names nothing"],
  ["npm run old probe NAME", "npm run old probe NAME: names nothing"],
])("%s is found to be wrong", (span, problem) => expect(spanProblems(span)).toEqual([problem]));
