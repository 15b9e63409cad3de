/** The files of `--output FORMAT=FILE`: one report in as many forms as are wanted, besides standard output. */
import { resolve } from "node:path";
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";
import type { ReportFormatName } from "../report/formats.ts";
import { detectTerminalStyle, type TerminalStyle } from "../report/terminal-style.ts";
import { openOutputFile, type OutputFile } from "../run/output-file.ts";
import { formatNames } from "./chosen-format.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** Writes the report in one format. */
export type RenderAs = (format: ReportFormatName, style: TerminalStyle) => string | Promise<string>;

/** What one `--output` asks for. */
export interface ReportFileRequest {
  readonly format: ReportFormatName;
  readonly path: string;
}

function parseRequest(value: string): ReportFileRequest {
  const split = value.indexOf("=");
  if (split < 0)
    throw new CupelError("usage", `--output ${JSON.stringify(value)} is no FORMAT=FILE, as in json=report.json`);
  const [word, path] = [value.slice(0, split), value.slice(split + 1)];
  const format = formatNames.find((name) => name === word);
  if (format === undefined) {
    const near = nearestWord(word, formatNames);
    const hint = near === undefined ? `choose ${formatNames.join(", ")}` : `did you mean ${near}?`;
    throw new CupelError("usage", `--output knows no format ${JSON.stringify(word)}: ${hint}`);
  }
  if (path === "-")
    throw new CupelError("usage", `--output ${value} names no file: --format ${format} is for standard output`);
  return { format, path };
}

/** What is asked for. @throws CupelError `usage` for what is no FORMAT=FILE, or one file twice. */
export function parseReportFiles({ flags }: CommandLine): ReportFileRequest[] {
  const requests = (flags.get("output") ?? []).map(parseRequest);
  const places = requests.map(({ path }) => resolve(path));
  const twice = requests.find(({ path }, index) => places.indexOf(resolve(path)) < index);
  if (twice !== undefined)
    throw new CupelError("usage", `--output names ${twice.path} twice; give each format a file of its own`);
  return requests;
}

function openAll(requests: readonly ReportFileRequest[]): { format: ReportFormatName; file: OutputFile }[] {
  const opened: { format: ReportFormatName; file: OutputFile }[] = [];
  try {
    for (const { format, path } of requests) {
      const purpose = { flag: `--output ${format}=`, content: `The report as ${format}` };
      opened.push({ format, file: openOutputFile(path, purpose) });
    }
  } catch (error) {
    for (const { file } of opened) file.close();
    throw error;
  }
  return opened;
}

/** A file has no terminal's width and no colour, whatever is forced on standard output. */
function fileStyle(environment: Readonly<Record<string, string | undefined>>): TerminalStyle {
  const { LC_ALL, LC_CTYPE, LANG } = environment;
  return detectTerminalStyle({ environment: { LC_ALL, LC_CTYPE, LANG }, isTerminal: false });
}

/**
 * Measures, once every file is seen to be writable, and writes them: all are rendered before the first is written.
 * Gives what was measured. @throws CupelError `usage` before measuring, `set-up` where a file cannot be written after it.
 */
export async function withReportFiles<Measured>(
  line: CommandLine,
  measure: () => Promise<Measured>,
  renderAs: (measured: Measured) => RenderAs,
): Promise<Measured> {
  const files = openAll(parseReportFiles(line));
  try {
    const measured = await measure();
    const [style, render] = [fileStyle(process.env), renderAs(measured)];
    const texts = await Promise.all(
      files.map(async ({ format, file }) => ({ file, text: await render(format, style) })),
    );
    for (const { file, text } of texts) file.write(text);
    return measured;
  } finally {
    for (const { file } of files) file.close();
  }
}
