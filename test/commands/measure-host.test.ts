import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { measureHost } from "../../src/commands/measure-host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { readFingerprintParts } from "../../src/report/fingerprint.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { capabilityIds } from "../fixtures/matrices/standings.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

describe("measureHost", () => {
  test("measures, tries, chooses and saves", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const { report, unsaved } = await measureHost(host, [state]);
    expect(unsaved).toBeUndefined();
    expect(report.capabilities.map(({ id }) => id).toSorted()).toEqual(capabilityIds.toSorted());
    expect(report.trials.map(({ strategy }) => strategy)).toEqual(strategies.map(({ id }) => id));
    expect(report.fingerprintParts).toEqual(readFingerprintParts(host));
    expect(report.durationMs).toBeGreaterThan(10);
    const saved = parseReport(JSON.parse(await Bun.file(`${state}/report.json`).text()));
    expect(saved).toEqual({ ok: true, value: JSON.parse(JSON.stringify(report)) as never });
  });

  test("leaves nothing in its state but what is for the next run", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    await measureHost(host, [state]);
    const kinds = readdirSync(state).map((name) => name.replace(/-[\da-f]{16}$/, "-HASH"));
    expect(kinds.toSorted()).toEqual(["launcher-HASH", "prober-HASH", "report.json", "verdict.json"]);
  });

  test("gives a report where it can be kept nowhere, and says why", async () => {
    const { report, unsaved } = await measureHost(host, ["/proc/cupel"]);
    expect(unsaved).toBe("/proc/cupel: ENOENT");
    expect(report.selection.chosen).toBeUndefined();
    expect(report.capabilities).toHaveLength(capabilityIds.length);
  });
});
