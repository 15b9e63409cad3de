import { describe, expect, test } from "bun:test";
import { needsOf } from "../../src/select/capability-needs.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { nothingKnown, rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

const strategies = [namespaces, process];

describe("needsOf", () => {
  test("finds strategies that cannot do without it, and guarantees that stand on it", () => {
    expect(needsOf("privilege.no-new-privs", strategies, jobOf(), userEverything)).toMatchInlineSnapshot(`
      [
        {
          "guarantees": [
            "priv.escalation",
          ],
          "isRequired": true,
          "strategy": "namespaces",
        },
        {
          "guarantees": [
            "kernel.syscalls",
          ],
          "isRequired": true,
          "strategy": "process",
        },
      ]
    `);
    expect(needsOf("cgroup.memory", strategies, jobOf(), userEverything)).toMatchInlineSnapshot(`
      [
        {
          "guarantees": [
            "limit.memory",
          ],
          "isRequired": false,
          "strategy": "namespaces",
        },
        {
          "guarantees": [
            "limit.memory",
          ],
          "isRequired": false,
          "strategy": "process",
        },
      ]
    `);
  });

  test("is the same whatever the host is like, but for what has no meaning for the caller", () => {
    for (const id of Object.keys(rootEverything)) {
      expect(needsOf(id, strategies, jobOf(), nothingKnown)).toEqual(needsOf(id, strategies, jobOf(), rootEverything));
    }
    const ofUsers = needsOf("userns.capable", strategies, jobOf(), userEverything);
    expect(ofUsers.find(({ strategy }) => strategy === "namespaces")?.isRequired).toBe(true);
    expect(needsOf("userns.capable", strategies, jobOf(), rootEverything)).not.toEqual(ofUsers);
  });

  test("is nothing for what nobody asks about", () =>
    expect(needsOf("host.architecture", strategies, jobOf(), userEverything)).toEqual([]));
});
