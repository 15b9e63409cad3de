import { describe, expect, test } from "bun:test";
import { explainMissingCall } from "../../src/probes/_missing-call.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

function explain(release: string | undefined, seccomp: number | undefined) {
  const files = {
    ...(release === undefined ? {} : { "/proc/sys/kernel/osrelease": `${release}\n` }),
    ...(seccomp === undefined ? {} : { "/proc/self/status": `Name:\tcupel\nSeccomp:\t${seccomp}\n` }),
  };
  const { state, blocker } = explainMissingCall(createFixtureHost({ files }), "openat2(2)", [5, 6]);
  return [state, blocker.code];
}

describe("explainMissingCall", () => {
  test("a filter, where there is one and the kernel is new enough", () => {
    expect(explain("6.18.44", 2)).toEqual(["blocked", "seccomp"]);
    expect(explain("5.6.0-generic", 2)).toEqual(["blocked", "seccomp"]);
  });

  test("the kernel, where it is too old, or no filter is in force, or nothing can be read", () => {
    expect(explain("5.4.0", 2)).toEqual(["absent", "kernel-version"]);
    expect(explain("6.18.44", 0)).toEqual(["absent", "kernel-version"]);
    expect(explain(undefined, undefined)).toEqual(["absent", "kernel-version"]);
  });

  test("says what came when", () => {
    const { blocker } = explainMissingCall(createFixtureHost({}), "openat2(2)", [5, 6]);
    expect(blocker.detail).toBe("openat2(2) came with Linux 5.6 (ENOSYS)");
  });
});
