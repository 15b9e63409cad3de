import { describe, expect, test } from "bun:test";
import { askedCapabilities } from "../../src/select/asked-capabilities.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

describe("askedCapabilities", () => {
  test("is what a strategy looks at", () => {
    expect([...askedCapabilities([process], [jobOf()], userEverything)].toSorted()).toMatchInlineSnapshot(`
      [
        "cgroup.cpu",
        "cgroup.memory",
        "cgroup.pids",
        "privilege.no-new-privs",
        "seccomp.filter",
      ]
    `);
  });

  test("grows with what is known: root without its ids is asked for a user namespace", () => {
    const asked = askedCapabilities(strategies, [jobOf()], {});
    expect(asked).toContain("userns.create");
    expect(askedCapabilities(strategies, [jobOf()], rootEverything)).toContain("privilege.drop-identity");
  });

  test("depends on the job", () => {
    expect(askedCapabilities(strategies, [jobOf()], rootEverything)).toContain("ns.network");
    expect(askedCapabilities(strategies, [jobOf({ network: "host" })], rootEverything)).not.toContain("ns.network");
  });

  test("of no strategy is nothing", () => expect([...askedCapabilities([], [jobOf()], {})]).toEqual([]));

  test("covers whatever decides: with what was asked alone, everything comes out the same", () => {
    for (const known of [rootEverything, userEverything]) {
      const asked = askedCapabilities(strategies, [jobOf()], known);
      const alone = Object.fromEntries(Object.entries(known).filter(([id]) => asked.has(id)));
      for (const strategy of strategies) {
        expect(strategy.requires(alone)).toEqual(strategy.requires(known));
        expect(strategy.guarantees(jobOf(), alone)).toEqual(strategy.guarantees(jobOf(), known));
        expect(strategy.plan(jobOf(), alone)).toEqual(strategy.plan(jobOf(), known));
      }
    }
  });
});
