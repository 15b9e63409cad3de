/** What has a golden file: reports by name, and formats with the endings of their files. */
import type { Report } from "../../src/model/report.ts";
import type { ReportFormatName } from "../../src/report/formats.ts";
import type { RenderOptions } from "../../src/report/render-options.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { hostileReport } from "../fixtures/reports/hostile.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

/** Text and JSON have tests of their own. */
export const goldenFormats = {
  markdown: "md",
  junit: "xml",
  sarif: "json",
  github: "txt",
  prometheus: "txt",
  features: "txt",
  labels: "txt",
} as const satisfies Partial<Record<ReportFormatName, string>>;

/** Each report once as the doctor shows it, one of them also with demands of a policy. */
export const goldenReports: readonly {
  readonly name: string;
  readonly report: Report;
  readonly options?: Partial<RenderOptions>;
}[] = [
  { name: "firecracker-root", report: firecrackerRoot },
  { name: "blocked-namespaces", report: blockedNamespaces },
  { name: "perfect-host", report: perfectHost },
  { name: "nothing-known", report: nothingKnown },
  { name: "hostile", report: hostileReport },
  {
    name: "demanded",
    report: firecrackerRoot,
    options: { demands: mixedDemands, location: ".github/workflows/a b.yaml" },
  },
];
