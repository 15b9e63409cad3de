/** A report in every format, as the tests of formats have it. */
import type { Report } from "../../src/model/report.ts";
import { reportFormats, type ReportFormatName } from "../../src/report/formats.ts";
import type { RenderOptions } from "../../src/report/render-options.ts";

/** Names of all formats. */
export const formatNames = Object.keys(reportFormats) as ReportFormatName[];

/** In a pipe, with a locale. */
export const plainOptions: RenderOptions = { style: { columns: 80, color: false, unicode: true }, all: false };

/** The report in one format. */
export async function renderFormat(
  name: ReportFormatName,
  report: Report,
  options: Partial<RenderOptions> = {},
): Promise<string> {
  const render = await reportFormats[name].load();
  return render(report, { ...plainOptions, ...options });
}
