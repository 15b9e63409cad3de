import { describe, expect, test } from "bun:test";
import { doctorExitCode } from "../../src/commands/doctor.ts";
import type { Report } from "../../src/model/report.ts";
import { worstResult } from "../../src/report/demand-words.ts";
import { defaultDemands } from "../../src/report/default-demands.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

const everyReport: readonly Report[] = [perfectHost, firecrackerRoot, blockedNamespaces, nothingKnown];

function brief(report: Report): string[] {
  return defaultDemands(report).map(
    ({ demand, result, because, capability }) => `${demand.id} ${result}: ${because} [${capability ?? ""}]`,
  );
}

describe("defaultDemands", () => {
  test("all hold where a strategy was chosen", () => {
    expect(brief(perfectHost).slice(0, 2)).toEqual([
      "fs.read holds: a fresh root of granted paths []",
      "fs.write holds: read-only mounts []",
    ]);
    expect(new Set(defaultDemands(perfectHost).map(({ result }) => result))).toEqual(new Set(["holds"]));
  });

  test("name what is in the way where none was", () => {
    const told = brief(blockedNamespaces);
    expect([told[0], told[4], told.at(-1)]).toEqual([
      "fs.read fails: process: the job has the caller's view of the host [userns.capable]",
      "net.none fails: process: the job has the caller's network [userns.capable]",
      "tty.safe holds: relayed streams and a session of its own []",
    ]);
  });

  test("could not be told where nothing was", () => {
    expect(new Set(defaultDemands(nothingKnown).map(({ result }) => result))).toEqual(new Set(["unknown"]));
  });

  test("leave out what was given up by name", () => {
    const selection = { ...perfectHost.selection, accepted: ["fs.read", "net.none"] as const };
    const ids = defaultDemands({ ...perfectHost, selection }).map(({ demand }) => demand.id);
    expect([ids.length, ids.includes("fs.read"), ids.includes("net.none")]).toEqual([13, false, false]);
  });

  test.each(
    everyReport.map(
      (report) => [report.selection.chosen ?? report.selection.rejected[0]?.reason.kind, report] as const,
    ),
  )("agree with the exit code (%s)", (_, report) => {
    const results = { 0: "holds", 1: "fails", 3: "unknown" } as const;
    expect(worstResult(defaultDemands(report))).toBe(results[doctorExitCode(report)]);
  });
});
