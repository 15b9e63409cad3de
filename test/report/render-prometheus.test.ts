import { describe, expect, test } from "bun:test";
import { capabilityStates } from "../../src/model/capability.ts";
import { renderPrometheus } from "../../src/report/render-prometheus.ts";
import { hostileReport, hostileText } from "../fixtures/reports/hostile.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { parseMetrics } from "../support/read-formats.ts";
import { plainOptions } from "../support/render-formats.ts";
import { goldenReports } from "./golden-formats.ts";

describe("renderPrometheus", () => {
  test.each(goldenReports)("is read by a strict reader, of $name", ({ report, options }) => {
    const samples = parseMetrics(renderPrometheus(report, { ...plainOptions, ...options }));
    const states = samples.filter(({ name }) => name === "cupel_capability_state");
    expect(states.map(({ labels, value }) => [labels["id"], labels["area"], labels["state"], value])).toEqual(
      report.capabilities.map(({ id, area, state }) => [id, area, state, 1]),
    );
    expect(states.filter(({ labels }) => !capabilityStates.some((state) => state === labels["state"]))).toEqual([]);
  });

  test("counts no guarantee as kept by a strategy that is not available", () => {
    const samples = parseMetrics(renderPrometheus(blockedNamespaces, plainOptions));
    const kept = samples.filter(({ name, value }) => name === "cupel_guarantee_kept" && value === 1);
    expect(kept.map(({ labels }) => `${labels["strategy"]} ${labels["guarantee"]}`)).toEqual([
      "process limit.time",
      "process env.clean",
      "process tty.safe",
    ]);
    expect(samples.filter(({ name }) => name === "cupel_strategy_chosen").map(({ value }) => value)).toEqual([0, 0]);
  });

  test("has the results of demands, and times in seconds", () => {
    const samples = parseMetrics(renderPrometheus(firecrackerRoot, { ...plainOptions, demands: mixedDemands }));
    const pick = (wanted: string): unknown[] =>
      samples.filter(({ name }) => name === wanted).map(({ labels, value }) => [...Object.values(labels), value]);
    expect(pick("cupel_demand_result")).toEqual([
      ["guarantee", "net.none", "holds", 1],
      ["guarantee", "limit.memory", "fails", 1],
      ["capability", "kvm.run", "degraded", 1],
      ["isolation", "vm", "fails", 1],
      ["strategy", "process", "unknown", 1],
    ]);
    expect(pick("cupel_report_timestamp_seconds")).toEqual([[Date.parse(firecrackerRoot.createdAt) / 1000]]);
    expect(pick("cupel_probe_duration_seconds")).toEqual([["fixture", 0.0042]]);
    expect(pick("cupel_report_duration_seconds")).toEqual([[0.3124]]);
  });

  test("gives a label's text back, but for characters that no line can hold", () => {
    const samples = parseMetrics(renderPrometheus(hostileReport, plainOptions));
    const layer = samples.find(({ name }) => name === "cupel_layer_info");
    const unreadable = ["\u001b", "\0", "\r", "\u202e", "\ud800"];
    const readable = unreadable.reduce((text, character) => text.replaceAll(character, "\ufffd"), hostileText);
    expect(layer?.labels["name"]).toBe(readable);
  });
});
