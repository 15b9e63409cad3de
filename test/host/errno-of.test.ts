import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { errnoOf } from "../../src/host/errno-of.ts";

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("errnoOf", () => {
  test("names the errno of a system call that failed", () => {
    expect(errnoOf(errorOf(() => readFileSync("/proc/self/no-such-file")))).toBe("ENOENT");
    expect(errnoOf(errorOf(() => readFileSync("/proc")))).toBe("EISDIR");
  });

  test("names what the runtime itself refuses", () =>
    expect(errnoOf(errorOf(() => readFileSync("/tmp/nul\0byte")))).toBe("ERR_INVALID_ARG_VALUE"));

  test.each([
    ["an error without a code", new TypeError("a bug")],
    ["an error whose code is a number", Object.assign(new Error("odd"), { code: 13 })],
    ["what is no error", "EPERM"],
  ])("throws %s again: it is a bug, not an answer", (_, thrown) => {
    expect(errorOf(() => errnoOf(thrown))).toBe(thrown);
  });
});
