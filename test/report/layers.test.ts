import { describe, expect, test } from "bun:test";
import { blockerCodes, layerKinds } from "../../src/model/capability.ts";
import type { Layer } from "../../src/model/report.ts";
import { layerOf, layersOf, withLayers } from "../../src/report/layers.ts";
import { capability } from "../fixtures/reports/report-parts.ts";

function found(id: string, value?: string) {
  return capability("host", {
    id,
    title: id,
    summary: value ?? "nothing",
    value,
    evidence: [{ action: "look", result: id }],
  });
}

const machine = [found("layer.hardware", "EPYC"), found("layer.system", "Debian"), found("layer.session", "uid 1000")];

describe("layersOf", () => {
  test("are those that are there, outermost first", () => {
    const all = [
      found("layer.session", "uid 1000"),
      found("layer.container"),
      found("layer.hypervisor", "firecracker"),
    ];
    expect(layersOf(all)).toEqual([
      {
        kind: "hypervisor",
        name: "firecracker",
        evidence: [{ action: "look", result: "layer.hypervisor" }],
        changedBy: "host operator",
      },
      { kind: "session", name: "uid 1000", evidence: [{ action: "look", result: "layer.session" }], changedBy: "you" },
    ]);
  });

  test("around a container the system is the host operator's", () => {
    const owners = (capabilities: ReturnType<typeof found>[]): string[] =>
      layersOf(capabilities).map(({ kind, changedBy }) => `${kind}: ${changedBy}`);
    expect(owners(machine)).toEqual(["hardware: host operator", "system: administrator", "session: you"]);
    expect(owners([...machine, found("layer.container", "docker")])).toEqual([
      "hardware: host operator",
      "system: host operator",
      "container: host operator",
      "session: you",
    ]);
  });
});

describe("layerOf", () => {
  const layers = (...kinds: Layer["kind"][]): Layer[] =>
    kinds.map((kind) => ({ kind, name: kind, evidence: [], changedBy: "you" }));

  test.each(blockerCodes)("%s lies somewhere, whatever is there", (code) => {
    for (const there of [layers(), layers("session"), layers(...layerKinds)])
      expect(layerKinds).toContain(layerOf({ code, detail: "" }, there));
  });

  test("a filter is the container's where there is one, and the session's where there is none", () => {
    const seccomp = { code: "seccomp", detail: "" } as const;
    expect(layerOf(seccomp, layers("system", "container", "session"))).toBe("container");
    expect(layerOf(seccomp, layers("system", "session"))).toBe("session");
  });

  test("what the probe said stands", () =>
    expect(layerOf({ code: "seccomp", detail: "", layer: "system" }, layers("container"))).toBe("system"));
});

test("withLayers says it of every blocker, and changes nothing else", () => {
  const blocked = capability("namespaces", {
    id: "userns.create",
    title: "User namespaces",
    summary: "denied",
    blockers: [{ code: "sysctl", detail: "it is 0" }],
  });
  expect(withLayers([blocked, ...machine], layersOf(machine))).toEqual([
    { ...blocked, blockers: [{ code: "sysctl", detail: "it is 0", layer: "system" }] },
    ...machine,
  ]);
});
