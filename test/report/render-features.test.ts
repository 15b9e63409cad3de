import { describe, expect, test } from "bun:test";
import { renderFeatures, renderLabels } from "../../src/report/render-features.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { checkedKey, checkedValue, linesOf, parseFeatureFile } from "../support/read-formats.ts";
import { plainOptions } from "../support/render-formats.ts";
import { goldenReports } from "./golden-formats.ts";

const namespace = "cupel.feature.node.kubernetes.io/";
const soon = new Date(Date.parse(firecrackerRoot.createdAt) + 60_000);

describe("renderFeatures", () => {
  test.each(goldenReports)("of $name labels what is usable, and has a feature for every state", ({ report }) => {
    const { labels, features } = parseFeatureFile(renderFeatures(report, plainOptions), soon);
    const usable = report.capabilities.filter(({ state }) => state === "works" || state === "degraded");
    const idsIn = (found: Record<string, string>): string[] =>
      Object.keys(found).flatMap((key) => key.split(`${namespace}capability.`)[1] ?? []);
    expect(idsIn(labels)).toEqual(usable.map(({ id }) => id));
    expect(idsIn(features).toSorted()).toEqual(report.capabilities.map(({ id }) => id).toSorted());
  });

  test("calls works what was done, and nothing else", () => {
    const { labels } = parseFeatureFile(renderFeatures(firecrackerRoot, plainOptions), soon);
    const read = Object.entries(labels).filter(([, value]) => value === "present");
    expect(read.map(([key]) => key.slice(namespace.length))).toEqual([
      "capability.host.kernel",
      "capability.host.layers",
      "capability.cgroup.mode",
      "capability.program.bwrap",
    ]);
    expect(labels[`${namespace}capability.userns.capable`]).toBe("works");
  });

  test("vanishes a day after the report was made, or when it is told to", () => {
    const dayAfter = new Date(Date.parse(firecrackerRoot.createdAt) + 24 * 3_600_000 + 1);
    expect(parseFeatureFile(renderFeatures(firecrackerRoot, plainOptions), dayAfter)).toEqual({
      labels: {},
      features: {},
    });
    const short = renderFeatures(firecrackerRoot, { ...plainOptions, lifetimeSeconds: 30 });
    expect(parseFeatureFile(short, soon)).toEqual({ labels: {}, features: {} });
    expect(short).toContain("# +expiry-time=2026-11-21T09:30:30Z\n");
  });
});

describe("renderLabels", () => {
  test.each(goldenReports)("of $name is words for kubectl", ({ report }) => {
    const words = linesOf(renderLabels(report));
    expect(words.filter((word) => /\s/u.test(word))).toEqual([]);
    for (const word of words) {
      const [key = "", value] = word.endsWith("-") ? [word.slice(0, -1)] : word.split("=");
      checkedKey(key);
      checkedValue(value ?? "");
    }
    const { labels } = parseFeatureFile(renderFeatures(report, plainOptions), soon);
    const given = words.filter((word) => !word.endsWith("-")).map((word) => word.split("="));
    expect(Object.fromEntries(given)).toEqual(labels);
  });

  test("takes away what does not hold", () => {
    const words = linesOf(renderLabels(blockedNamespaces)).map((word) => word.slice(namespace.length));
    expect(words.filter((word) => /^(?:chosen|strategy|capability)/u.test(word))).toEqual([
      "chosen-",
      "strategy.namespaces-",
      "strategy.process=true",
      "capability.host.kernel=present",
      "capability.userns.capable-",
      "capability.ns.mount-",
      "capability.ns.pid-",
      "capability.privilege.no-new-privs=works",
      "capability.seccomp.filter=works",
    ]);
  });
});
