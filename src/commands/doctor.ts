/** `cupel doctor`: what this host can enforce. */
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import { isolationSet } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import { couldDoDefaultJob } from "../report/default-demands.ts";
import { reportFormats } from "../report/formats.ts";
import { saveReport } from "../report/saved-report.ts";
import { chosenFormat } from "./chosen-format.ts";
import { measureHost } from "./measure-host.ts";
import { matrixOf } from "./prepare-job.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { withReportFiles, type RenderAs } from "./report-files.ts";
import { styleOf } from "./style-of.ts";
import { say, writeOutput } from "./terminal.ts";

/** The default job's demands: all hold, one fails, or one cannot be told. */
export function doctorExitCode(report: Report): 0 | 1 | 3 {
  if (report.selection.chosen !== undefined) return 0;
  return report.strategies.some((strategy) => couldDoDefaultJob(strategy, report)) ? 3 : 1;
}

/** The same report without what names a person, a place or a secret. */
async function redacted(report: Report, host: Host): Promise<Report> {
  const [{ redactReport }, { readRedactionFacts }] = await Promise.all([
    import("../report/redact-report.ts"),
    import("../report/redaction-facts.ts"),
  ]);
  return redactReport(report, readRedactionFacts(host));
}

/** Each is another form of output: two of them at once would be none. A profile is no report, so no file can hold it. */
function checkForms(flags: CommandLine["flags"]): void {
  const forms = ["json", "format", "fix", "container-profile", ...(flags.has("container-profile") ? ["output"] : [])];
  const given = forms.filter((name) => flags.has(name));
  if (given.length < 2 || !(flags.has("fix") || flags.has("container-profile"))) return;
  throw new CupelError("usage", `--${given.join(" and --")} cannot be given together; see cupel doctor --help`);
}

async function fixOf(report: Report): Promise<string> {
  const [{ renderFix }, { containerAround }] = await Promise.all([
    import("../report/render-fix.ts"),
    import("../report/remedies.ts"),
  ]);
  const inContainer = containerAround(report.capabilities) !== undefined;
  return renderFix({ ...report, matrix: matrixOf(report.capabilities), demanded: isolationSet, inContainer });
}

function renderWith({ flags }: CommandLine, report: Report): RenderAs {
  const options = { all: flags.has("all"), brief: flags.has("brief"), location: flags.get("location")?.at(-1) };
  return async (format, style) => (await reportFormats[format].load())(report, { style, ...options });
}

/**
 * Runs it; gives the exit code. @throws CupelError `usage` for a location that is none, or for two forms at once;
 * `set-up` where a file of --output cannot be written.
 */
export async function doctor(line: CommandLine): Promise<number> {
  const { flags } = line;
  checkForms(flags);
  if (flags.has("container-profile")) {
    writeOutput((await import("../report/container-profile.ts")).renderContainerProfile());
    return 0;
  }
  const host = createRealHost();
  const directories = stateDirectories(host);
  const { report, saved, shown } = await withReportFiles(
    line,
    async () => {
      const found = await measureHost(host, directories, { kind: "whole", deep: flags.has("deep") });
      const kept = saveReport(found, directories, host.identity.uid);
      return { report: found, saved: kept, shown: flags.has("redact") ? await redacted(found, host) : found };
    },
    (measured) => renderWith(line, measured.shown),
  );
  const render = renderWith(line, shown);
  writeOutput(await (flags.has("fix") ? fixOf(shown) : render(chosenFormat(line), styleOf(1))));
  if (!saved.ok && directories.length > 0) say(`the report could not be saved: ${saved.reason}`);
  return doctorExitCode(report);
}
