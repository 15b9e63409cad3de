import { describe, expect, test } from "bun:test";
import { countSuccesses } from "./batch-runner.ts";

describe("countSuccesses", () => {
  test("counts outcomes of jobs that exited with 0", () =>
    expect(
      countSuccesses('{"exitCode":0}\n{"exitCode":1}\n{"id":"x","outcome":{"exitCode":0}}\n{"error":"no"}\n'),
    ).toBe(2));
  test("does not count what is no JSON", () => expect(() => countSuccesses("done\n")).toThrow());
});
