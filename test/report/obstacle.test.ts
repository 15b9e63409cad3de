import { describe, expect, test } from "bun:test";
import type { Capability } from "../../src/model/capability.ts";
import type { Rejection, Selection } from "../../src/model/report.ts";
import { findObstacle } from "../../src/report/obstacle.ts";

const engine = { id: "docker.engine", state: "absent", summary: "no engine", blockers: [] } as unknown as Capability;
const matrix = { "docker.engine": engine };
const absent: Rejection = { strategy: "docker", reason: { kind: "capability", capability: "docker.engine" } };

function selectionOf(...rejected: readonly Rejection[]): Selection {
  return { chosen: undefined, closest: "namespaces", rejected } as unknown as Selection;
}

describe("findObstacle", () => {
  test("is what the host lacks for the next in line, where the closest lacks a guarantee by nature", () => {
    const lacking = { kind: "guarantee", guarantee: "kernel.boundary", because: "the host's kernel" } as const;
    const rejected: Rejection = { strategy: "namespaces", reason: lacking };
    expect(findObstacle(selectionOf(absent, rejected), matrix)).toEqual({ strategy: "docker", capability: engine });
  });

  test("is none of the host's where the closest was only not attacked yet", () => {
    const rejected: Rejection = { strategy: "namespaces", reason: { kind: "not-verified", guarantee: "fs.read" } };
    expect(findObstacle(selectionOf(absent, rejected), matrix)).toBeUndefined();
  });
});
