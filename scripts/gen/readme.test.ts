import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { descriptions } from "../../src/commands/descriptions.ts";
import { guaranteePromises, isolationSet, type GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import process from "../../src/strategies/process.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { generate, listStale } from "../gen.ts";
import { loadHost } from "../hosts/list-hosts.ts";
import { readResults } from "../hosts/results.ts";
import { repositoryRoot } from "../source/repository.ts";
import { readmePath, renderReadme } from "./readme.ts";
import { wrapItem } from "./wrap-item.ts";

const hosts = await Promise.all(
  Object.entries(readResults()).map(async ([name, result]) => ({ ...(await loadHost(name)), result })),
);
const facts = { promises: guaranteePromises, isolationSet, strategies, commands: descriptions, hosts };
const readme = readFileSync(join(repositoryRoot, readmePath), "utf8");

describe("renderReadme", () => {
  test("leaves a README that is fresh as it is, whatever the order of the strategies", () => {
    expect(renderReadme(readme, facts)).toBe(readme);
    expect(renderReadme(readme, { ...facts, strategies: strategies.toReversed() })).toBe(readme);
  });

  test("writes anew what was edited by hand, and nothing else", () => {
    const edited = readme.replace("| kept ", "| no   ").replace("# cupel", "# Cupel");
    expect(renderReadme(edited, facts)).toBe(readme.replace("# cupel", "# Cupel"));
  });

  test("has every strategy say of every guarantee how it keeps it, or why not", () => {
    const lost = ({ id }: GuaranteeDecision): GuaranteeDecision => ({ id, kept: false, reason: "it forgot how" });
    const changed: Strategy = {
      ...namespaces,
      guarantees: (job, matrix) => namespaces.guarantees(job, matrix).map(lost),
    };
    const text = renderReadme(readme, { ...facts, strategies: [changed, process] });
    expect(text).toMatch(/^\| `tty\.safe` .*\| yes +\| no +\| no +\|$/mu);
    expect(text.replaceAll(/\s+/gu, " ")).toContain("`secret.private`, `tty.safe`: it forgot how.");
  });

  test.each([
    ["a part without a place", readme.replaceAll("commands -->", "orders -->"), "has not one place for: commands"],
    [
      "two places for a part",
      `${readme}\n${readme}`,
      "has not one place for: guarantees, fields, hosts, commands, exit codes",
    ],
    [
      "a place without a part",
      `${readme}\n<!-- written by scripts/gen.ts: more -->\n<!-- end of more -->\n`,
      "has a place for more, which nothing writes",
    ],
  ])("refuses %s", (_, text, reason) => {
    expect(() => renderReadme(text, facts)).toThrow(`README.md ${reason}`);
  });
});

test("a README that is stale is found", async () => {
  const files = await generate();
  const found = files.find(({ path }) => path === readmePath);
  expect(found).toEqual({ path: readmePath, text: readme, isCommitted: true });
  const stale = files.map((file) => (file === found ? { ...file, text: `${file.text}more` } : file));
  expect(listStale(stale)).toContain(readmePath);
});

test("wrapItem keeps what stands between back quotes on one line", () => {
  const words = "word ".repeat(23);
  expect(wrapItem(`${words}\`a b\` c`)).toBe(`- ${words.trim()}\n  \`a b\` c\n`);
  expect(wrapItem(`${words}a b c`)).toBe(`- ${words.trim()} a b\n  c\n`);
});
