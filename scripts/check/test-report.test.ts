import { describe, expect, test } from "bun:test";
import { readTestReport } from "./test-report.ts";

const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" assertions="1" failures="1" skipped="2" time="0.01">
  <testsuite name="a.test.ts" file="a.test.ts" tests="4">
    <testsuite name="outer &lt;x&gt;" file="a.test.ts" line="2">
      <testcase name="works" classname="outer &lt;x&gt;" time="0.1" file="a.test.ts" line="2" assertions="0" />
      <testcase name="later &amp; never" classname="outer &lt;x&gt;" time="0" file="a.test.ts" line="2">
        <skipped message="TODO" />
      </testcase>
      <testcase name="breaks" classname="outer &lt;x&gt;" time="0" file="a.test.ts" line="2" assertions="1">
        <failure type="AssertionError" message="no">no</failure>
      </testcase>
    </testsuite>
    <testcase name="needs a program" classname="" time="0" file="a.test.ts" line="3" assertions="0">
      <skipped />
    </testcase>
  </testsuite>
</testsuites>
`;

describe("readTestReport", () => {
  test("counts passes and failures, and names what failed and what was skipped", () => {
    expect(readTestReport({ junit, printed: " 1 pass\n 2 skip\n 1 fail\n", exitCode: 1 })).toEqual({
      passed: 1,
      failed: 1,
      failures: ["a.test.ts: outer <x> > breaks"],
      skipped: ["a.test.ts: outer <x> > later & never", "a.test.ts: needs a program"],
    });
  });

  test("counts a file that does not load, which only the summary tells of", () => {
    expect(readTestReport({ junit, printed: " 1 pass\n 2 fail\n 1 error\n", exitCode: 1 }).failed).toBe(2);
  });

  test("counts a run that ended without its report as failed, whatever its exit code", () => {
    expect(readTestReport({ junit: undefined, printed: "", exitCode: 0 })).toEqual({
      passed: 0,
      failed: 1,
      failures: [],
      skipped: [],
    });
  });

  test("counts an exit code without a failed test as a failure", () => {
    const passing = junit.replace(/<failure.*<\/failure>/, "");
    expect(readTestReport({ junit: passing, printed: " 2 pass\n 0 fail\n", exitCode: 1 }).failed).toBe(1);
    expect(readTestReport({ junit: passing, printed: " 2 pass\n 0 fail\n", exitCode: 0 }).failed).toBe(0);
  });
});
