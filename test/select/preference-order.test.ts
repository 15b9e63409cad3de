import { describe, expect, test } from "bun:test";
import { preferenceOrder } from "../../src/select/preference-order.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, nothingKnown, rootEverything } from "../fixtures/matrices/standings.ts";

const passed = strategies.map(({ id }) => ({ strategy: id, result: "passed", summary: "" }) as const);
const input = { strategies, job: jobOf(), matrix: rootEverything, trials: passed };
const cost = (strategy: string, medianUs: number) => ({ strategy, runs: 10, medianUs, minUs: medianUs });

describe("preferenceOrder", () => {
  const ids = (parts: Partial<Parameters<typeof preferenceOrder>[0]>): string[] =>
    preferenceOrder({ ...input, ...parts }).map(({ id }) => id);

  test("has what is taken first, then what would be in its place, and last what lacks most", () =>
    expect(ids({})).toEqual([
      "namespaces",
      "bubblewrap",
      "podman",
      "docker",
      "systemd",
      "gvisor",
      "landlock",
      "process",
    ]));

  test("has what is not here behind all that is", () =>
    expect(ids({ matrix: except(rootEverything, "absent", "mount.private-root") })).toEqual([
      "bubblewrap",
      "podman",
      "docker",
      "systemd",
      "landlock",
      "process",
      "gvisor",
      "namespaces",
    ]));

  test("follows what was measured", () =>
    expect(
      ids({
        startCosts: [
          cost("namespaces", 9),
          cost("bubblewrap", 8),
          cost("podman", 10),
          cost("docker", 11),
          cost("systemd", 12),
          cost("gvisor", 9),
          cost("landlock", 7),
          cost("process", 7),
        ],
      }),
    ).toEqual(["bubblewrap", "namespaces", "gvisor", "podman", "docker", "systemd", "landlock", "process"]));

  test("has all of them, whatever is known, in whatever order they come", () => {
    const unknown = { matrix: nothingKnown, trials: [] };
    expect(ids({ ...unknown, strategies: strategies.toReversed() })).toEqual(ids(unknown));
    expect(ids(unknown).toSorted()).toEqual(strategies.map(({ id }) => id).toSorted());
  });
});
