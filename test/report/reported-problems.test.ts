import { describe, expect, test } from "bun:test";
import type { DemandVerdict } from "../../src/model/demand.ts";
import type { Report } from "../../src/model/report.ts";
import { findReportedProblems, mergeByCause, nameProblem } from "../../src/report/reported-problems.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

function brief(report: Report, stated?: readonly DemandVerdict[]): string[] {
  return mergeByCause(findReportedProblems(report, stated), report).map(
    (problem) => `${problem.severity}: ${nameProblem(problem)}${problem.also.map((id) => `, ${id}`).join("")}`,
  );
}

describe("findReportedProblems", () => {
  test("are graver where a demand fails than where only a strategy loses by it", () => {
    expect(brief(perfectHost)).toEqual([]);
    expect(brief(firecrackerRoot)).toEqual(["warning: cgroup.cpu is blocked, cgroup.memory"]);
    expect(brief(blockedNamespaces)).toEqual(["error: userns.capable is blocked, ns.mount, ns.pid"]);
    expect(brief(nothingKnown)).toEqual(["error: namespaces.probe is unknown", "warning: mounts.probe is unknown"]);
  });

  test("are notes where demands were stated and none of them needs it", () => {
    expect(brief(firecrackerRoot, [])).toEqual(["note: cgroup.cpu is blocked, cgroup.memory"]);
  });

  test("are one for each capability behind demands, and one for each demand that has none", () => {
    expect(brief(firecrackerRoot, mixedDemands)).toEqual([
      "error: isolation class vm does not hold",
      "error: strategy process could not be told",
      "error: cgroup.memory is blocked, cgroup.cpu",
      "warning: kvm.run is broken",
    ]);
  });

  test("are one for demands that fail for the same reason", () => {
    const verdict = (id: string, because: string): DemandVerdict => ({
      demand: { kind: "guarantee", id },
      result: "fails",
      because,
    });
    const stated = [verdict("net.none", "no"), verdict("fs.read", "no"), verdict("fs.write", "other")];
    const problems = mergeByCause(findReportedProblems(perfectHost, stated), perfectHost);
    expect(problems.map(({ id, demands }) => [id, demands.map(({ demand }) => demand.id)])).toEqual([
      ["guarantee:net.none", ["net.none", "fs.read"]],
      ["guarantee:fs.write", ["fs.write"]],
    ]);
  });

  test("tell costs of all that share a cause", () => {
    const [problem] = mergeByCause(findReportedProblems(firecrackerRoot, undefined), firecrackerRoot);
    expect(problem?.costs).toBe("limit.cpu and limit.memory (namespaces)");
  });
});
