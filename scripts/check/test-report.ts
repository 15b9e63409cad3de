/** What a run of `bun test` came to, from the JUnit file that it writes and the summary that it prints. */

/** Counts of one run, and which tests failed or were skipped. */
export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  /** `file: group > name` of each, as far as the report goes. */
  readonly failures: readonly string[];
  readonly skipped: readonly string[];
}

/** What is known of a run that has ended. */
export interface TestRun {
  /** Nothing where the run ended without writing it: a crash, or a test that ended the process. */
  readonly junit: string | undefined;
  readonly printed: string;
  readonly exitCode: number;
}

/** Reads a run. A file that does not load is in the printed summary alone; a run that died counts as one failure. */
export function readTestReport({ junit, printed, exitCode }: TestRun): TestReport {
  const cases = readCases(junit ?? "");
  const titlesOf = (wanted: TestCase["outcome"]): string[] =>
    cases.filter(({ outcome }) => outcome === wanted).map(({ title }) => title);
  const failures = titlesOf("failed");
  const failed = Math.max(
    failures.length,
    Number(/^\s*(\d+) fail$/m.exec(printed)?.[1] ?? 0),
    exitCode !== 0 || junit === undefined ? 1 : 0,
  );
  return {
    passed: titlesOf("passed").length,
    failed,
    failures,
    skipped: titlesOf("skipped"),
  };
}

// --- internal ---

interface TestCase {
  readonly title: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

function readCases(junit: string): TestCase[] {
  return [...junit.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, attributes, body]) => ({
    title: readTitle(attributes ?? ""),
    outcome: readOutcome(body ?? ""),
  }));
}

function readOutcome(body: string): TestCase["outcome"] {
  if (/<(failure|error)\b/.test(body)) return "failed";
  return /<skipped\b/.test(body) ? "skipped" : "passed";
}

function readTitle(attributes: string): string {
  const read = (name: string): string => unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
  const group = read("classname");
  return `${read("file")}: ${group === "" ? "" : `${group} > `}${read("name")}`;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#10": "\n" };

function unescapeXml(text: string): string {
  return text.replace(/&([a-z]+|#10);/g, (whole, name: string) => entities[name] ?? whole);
}
