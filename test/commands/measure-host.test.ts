import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { measureHost } from "../../src/commands/measure-host.ts";
import { matrixOf } from "../../src/commands/prepare-job.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { readFingerprintParts } from "../../src/report/fingerprint.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { askedCapabilities } from "../../src/select/asked-capabilities.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { capabilityIds } from "../fixtures/matrices/standings.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

const whole = { kind: "whole", deep: false } as const;

describe("measureHost", () => {
  test("measures, tries and chooses", async () => {
    using directory = makeTempDir();
    const report = await measureHost(host, [directory.at("state")], whole);
    expect(report.capabilities.map(({ id }) => id).toSorted()).toEqual(capabilityIds.toSorted());
    // On a machine of tests no daemon runs but where a test has started one, and systemd is the first process of few.
    const isHere = (id: string): boolean =>
      !["docker", "systemd"].includes(id) || matrixOf(report.capabilities)[`${id}.run`]?.state === "works";
    expect(report.trials.map(({ strategy }) => strategy)).toEqual(strategies.map(({ id }) => id).filter(isHere));
    expect(report.fingerprintParts).toEqual(readFingerprintParts(host));
    expect(report.durationMs).toBeGreaterThan(10);
    expect([report.isWhole, report.skipped]).toEqual([true, []]);
    expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual({
      ok: true,
      value: JSON.parse(JSON.stringify(report)) as never,
    });
  });

  test("measures what a job's choice depends on, and nothing else", async () => {
    using directory = makeTempDir();
    const scope = { kind: "asked", job: jobOf(), capabilities: [], waits: false, deep: false } as const;
    const report = await measureHost(host, [directory.at("state")], scope);
    const found = report.capabilities.map(({ id }) => id);
    const matrix = matrixOf(report.capabilities);
    const asked = [...askedCapabilities(strategies, [jobOf()], matrix)];
    const programs = ["program.bwrap", "program.crun", "program.docker", "program.podman", "program.runsc"];
    const ofSystemd = ["program.systemd-run", "systemd.run"];
    const skipped = ["docker.engine", "docker.run", "gvisor.run", "podman.run", ...programs, ...ofSystemd];
    expect(asked.filter((id) => !found.includes(id)).toSorted()).toEqual(skipped);
    expect(report.skipped.toSorted()).toEqual(skipped);
    expect(found).not.toContain("kvm.open");
    expect([report.isWhole, report.selection.chosen]).toEqual([false, "namespaces"]);
  });

  test("measures one family and the layers alone, and tries no strategy for it", async () => {
    using directory = makeTempDir();
    const scope = { kind: "asked", capabilities: ["lsm.yama"], waits: true, deep: false } as const;
    const report = await measureHost(host, [directory.at("state")], scope);
    const found = report.capabilities.map(({ id }) => id).filter((id) => !id.startsWith("layer."));
    expect(found.toSorted()).toEqual(["host.layers", "lsm.yama"]);
    expect([report.trials, report.strategies]).toEqual([[], []]);
  });

  test("leaves nothing in its state but what is for the next run", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    await measureHost(host, [state], whole);
    const kinds = readdirSync(state).map((name) => name.replace(/-[\da-f]{16}$/, "-HASH"));
    expect(kinds.toSorted()).toEqual(["engines", "launcher-HASH", "prober-HASH", "root"]);
  });

  test("gives a report where its helpers can be kept nowhere", async () => {
    const report = await measureHost(host, ["/proc/cupel"], whole);
    expect(report.selection.chosen).toBeUndefined();
    expect(report.capabilities).toHaveLength(capabilityIds.length);
  });
});
