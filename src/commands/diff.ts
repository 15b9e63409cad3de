/** `cupel diff`: what differs between two reports. */
import { readInputFile } from "../host/read-input-file.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import type { Report } from "../model/report.ts";
import { compareReports, renderDiff, renderDiffJson, type NamedReport } from "../report/render-diff.ts";
import { parseReport } from "../report/report-schema.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

const maxBytes = 64 * 1024 * 1024;
const hint = "write one with cupel doctor --json";

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const problem = text.trim() === "" ? "is empty" : "is not JSON, or cut short";
    throw new CupelError("usage", `${name} ${problem}, so it is no report; ${hint}`, { cause: error });
  }
}

function readReport(path: string): Report {
  const name = path === "-" ? "Standard input" : path;
  const text = readInputFile(path, { what: "a report", maxBytes, pipes: true });
  const parsed = parseReport(parseJson(text, name));
  if (parsed.ok) return parsed.value;
  throw new CupelError("usage", `${name} is no report of this version of cupel (${parsed.problem}); ${hint}`);
}

async function measureHere(): Promise<Report> {
  const host = createRealHost();
  return measureHost(host, stateDirectories(host), { kind: "whole", deep: false });
}

async function obtain(operand: string): Promise<NamedReport> {
  return { name: operand, report: operand === "here" ? await measureHere() : readReport(operand) };
}

/** Runs it; gives the exit code: 0 same, 1 they differ. @throws CupelError `usage`. */
export async function diff({ flags, operands }: CommandLine): Promise<number> {
  const [one = "", other = ""] = operands;
  if (one === "-" && other === "-")
    throw new CupelError("usage", "- can be read once only; name a file for one of both");
  const was = await obtain(one);
  const difference = compareReports(was, await obtain(other));
  const render = flags.has("json") ? renderDiffJson : renderDiff;
  writeOutput(render(difference, styleOf(1)));
  return difference.differences.length === 0 ? 0 : 1;
}
