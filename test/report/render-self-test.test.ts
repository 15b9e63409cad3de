import { describe, expect, test } from "bun:test";
import type { SelfTest, SelfTestResult, SelfTestStep } from "../../src/model/self-test.ts";
import { renderSelfTest, renderSelfTestJson, selfTestExitCode } from "../../src/report/render-self-test.ts";

const build = { version: "0.1.0", build: "3d1f", commit: null, target: null, releaseKey: null };
const style = { color: false, unicode: true, columns: 200 };

function step(name: string, result: SelfTestResult): SelfTestStep {
  return { name, result, summary: `what was seen of ${name}`, durationMs: result === "passed" ? 12 : undefined };
}

function testOf(launcher: SelfTestResult, namespaces: SelfTestResult, defaultJob: SelfTest["defaultJob"]): SelfTest {
  return { helpers: [step("launcher", launcher)], strategies: [step("namespaces", namespaces)], defaultJob };
}

const runs = { runs: true, strategy: "namespaces" } as const;
const denied = { runs: false, couldNotBeTold: false } as const;
const untold = { runs: false, couldNotBeTold: true } as const;

function lastLine(found: SelfTest): string {
  return (renderSelfTest(build, found, style).trimEnd().split("\n\n").at(-1) ?? "").replaceAll("\n", " ");
}

describe("the self-test's end", () => {
  test.each([
    [testOf("passed", "passed", runs), 0, "self-test: passed: 1 job ran; the default job runs in namespaces"],
    [testOf("failed", "unknown", untold), 1, "self-test: failed: not sound: launcher"],
    [testOf("failed", "failed", denied), 1, "self-test: failed: not sound: launcher, namespaces"],
    [
      testOf("passed", "unavailable", denied),
      1,
      "self-test: failed: the default job would be refused; see cupel doctor",
    ],
    [testOf("passed", "unknown", runs), 3, "self-test: cannot tell: could not be tried: namespaces"],
    [
      testOf("passed", "unavailable", untold),
      3,
      "self-test: cannot tell: what the default job would run in; see cupel doctor",
    ],
  ])("%#", (found, code, line) => expect([selfTestExitCode(found), lastLine(found)]).toEqual([code, line]));
});

test("renderSelfTest lists all that was tried, in words", () => {
  expect(renderSelfTest(build, testOf("passed", "unavailable", denied), style)).toMatchInlineSnapshot(`
    "cupel 0.1.0 (build 3d1f, no release key)
    [✓] launcher: what was seen of launcher (12 ms).
    [-] namespaces: not on this host: what was seen of namespaces.

    self-test: failed: the default job would be refused; see cupel doctor
    "
  `);
});

test("renderSelfTestJson says the same", () => {
  const found = testOf("passed", "passed", runs);
  expect(JSON.parse(renderSelfTestJson(build, found))).toEqual(
    JSON.parse(
      JSON.stringify({
        schema: 1,
        result: "passed",
        exitCode: 0,
        because: "1 job ran; the default job runs in namespaces",
        build,
        ...found,
      }),
    ),
  );
});
