/** What `self-test` prints: the build, each thing that was tried, and what it comes to as the last line. */
import type { SelfTest, SelfTestResult, SelfTestStep } from "../model/self-test.ts";
import { checkExitCodes } from "./check-result.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { count, formatDuration, sentence } from "./phrase.ts";
import { renderJson } from "./render-json.ts";
import { renderVersion, type VersionFacts } from "./render-version.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, item, paragraph, verdict, type Block, type Mark } from "./text-block.ts";

type Conclusion = "passed" | "failed" | "unknown";

function stepsOf({ helpers, strategies }: SelfTest): readonly SelfTestStep[] {
  return [...helpers, ...strategies];
}

function namesOf(test: SelfTest, result: SelfTestResult): string[] {
  return stepsOf(test)
    .filter((step) => step.result === result)
    .map(({ name }) => name);
}

/** The first that applies, gravest first. */
function conclude(test: SelfTest): { readonly conclusion: Conclusion; readonly because: string } {
  const failed = namesOf(test, "failed");
  const unknown = namesOf(test, "unknown");
  const { defaultJob } = test;
  if (failed.length > 0) return { conclusion: "failed", because: `not sound: ${failed.join(", ")}` };
  if (!defaultJob.runs && !defaultJob.couldNotBeTold)
    return {
      conclusion: "failed",
      because: "the default job would be refused; see cupel doctor",
    };
  if (unknown.length > 0) return { conclusion: "unknown", because: `could not be tried: ${unknown.join(", ")}` };
  if (!defaultJob.runs)
    return {
      conclusion: "unknown",
      because: "what the default job would run in; see cupel doctor",
    };
  const ran = test.strategies.filter(({ result }) => result === "passed").length;
  return { conclusion: "passed", because: `${count(ran, "job")} ran; the default job runs in ${defaultJob.strategy}` };
}

/** The exit code: as `check` has them. */
export function selfTestExitCode(test: SelfTest): number {
  return checkExitCodes[conclude(test).conclusion];
}

const marks: Readonly<Record<SelfTestResult, Mark>> = {
  passed: "works",
  failed: "blocked",
  unknown: "unknown",
  unavailable: "absent",
};

const words: Readonly<Record<SelfTestResult, string>> = {
  passed: "",
  failed: "failed: ",
  unknown: "cannot tell: ",
  unavailable: "not on this host: ",
};

function stepBlock({ name, result, summary, durationMs }: SelfTestStep): Block {
  const time = durationMs === undefined ? "" : ` (${formatDuration(durationMs)})`;
  return item(marks[result], sentence(`${name}: ${words[result]}${summary}${time}`));
}

/** The result as text. */
export function renderSelfTest(build: VersionFacts, test: SelfTest, style: TerminalStyle): string {
  const { conclusion, because } = conclude(test);
  const word = conclusion === "unknown" ? "cannot tell" : conclusion;
  return layOutBlocks(
    [
      paragraph(renderVersion(build).trimEnd()),
      ...stepsOf(test).map(stepBlock),
      blank,
      verdict(`self-test: ${word}: ${because}`),
    ],
    style,
  );
}

/** The result as JSON. */
export function renderSelfTestJson(build: VersionFacts, test: SelfTest): string {
  const { conclusion, because } = conclude(test);
  return renderJson({ schema: 1, result: conclusion, exitCode: checkExitCodes[conclusion], because, build, ...test });
}
