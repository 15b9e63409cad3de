import { describe, expect, test } from "bun:test";
import type { ResidentResult } from "../../src/launch/resident-launcher.ts";
import { batchOutcome, capturedOutputs } from "../../src/run/batch-outcome.ts";
import { outcomeWithoutJob } from "../../src/run/outcome.ts";
import type { Outcome } from "../../src/model/outcome.ts";

function result(output: Uint8Array, outputBytes = output.length, errors = new Uint8Array()): ResidentResult {
  return { events: [{ event: "finished", outputBytes, errorBytes: errors.length }], output, errors, end: "finished" };
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const nothing = { bytes: 0, isTruncated: false, text: "" };

describe("capturedOutputs", () => {
  test("gives both outputs as text", () =>
    expect(capturedOutputs(result(encode("süß\n"), 6, encode("err")))).toEqual({
      stdout: { bytes: 6, isTruncated: false, text: "süß\n" },
      stderr: { bytes: 3, isTruncated: false, text: "err" },
    }));

  test("keeps a mark of the order of bytes, and NUL", () =>
    expect(capturedOutputs(result(encode("\uFEFFa\0"))).stdout).toEqual({
      bytes: 5,
      isTruncated: false,
      text: "\uFEFFa\0",
    }));

  test("gives what is not UTF-8 as base64", () => {
    const bytes = Uint8Array.of(0xff, 0, 0x61);
    expect(capturedOutputs(result(bytes))).toEqual({
      stdout: { bytes: 3, isTruncated: false, base64: "/wBh" },
      stderr: nothing,
    });
  });

  test.each(["é", "€", "🜚"])("leaves out the rest of a %s that the cap has cut", (character) => {
    const whole = encode(`ab${character}`);
    for (let end = 2; end < whole.length; end++)
      expect(capturedOutputs(result(whole.slice(0, end), 100)).stdout).toEqual({
        bytes: 100,
        isTruncated: true,
        text: "ab",
      });
  });

  test("cuts nothing off an output that was not capped", () =>
    expect(capturedOutputs(result(encode("ab€").slice(0, 4))).stdout).toEqual({
      bytes: 4,
      isTruncated: false,
      base64: "YWLigg==",
    }));

  test("gives nothing of a job whose launcher was lost", () =>
    expect(capturedOutputs({ ...result(encode("a")), events: [], end: "lost" })).toEqual({}));
});

describe("batchOutcome", () => {
  test("names what is kept, and leaves the decisions out", () => {
    const outcome: Outcome = {
      ...outcomeWithoutJob("setup-failed", "m", "r"),
      status: "nonzero",
      cause: { code: "exit", summary: "s", evidence: [{ action: "a", result: "b" }] },
      code: 3,
      exitCode: 3,
      strategy: "namespaces",
      guarantees: [
        { id: "net.none", kept: true, mechanism: "m", capabilities: [] },
        { id: "limit.disk", kept: false, reason: "r" },
      ],
      accepted: ["limit.disk"],
    };
    expect(batchOutcome({ line: 2, id: "a" }, outcome, { stdout: nothing })).toEqual({
      schema: 2,
      line: 2,
      id: "a",
      status: "nonzero",
      cause: { code: "exit", summary: "s" },
      code: 3,
      signal: undefined,
      exitCode: 3,
      strategy: "namespaces",
      report: "r",
      kept: ["net.none"],
      accepted: ["limit.disk"],
      degraded: [],
      limits: [],
      usage: undefined,
      stdout: nothing,
    });
  });
});
