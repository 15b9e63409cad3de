/** Text that a host wrote, made fit for a line of the report: other people's files and programs hold anything. */
import type { Answer, Host } from "../host/host.ts";

/** The first line, cut, with whatever is no printable character taken for a blank. */
export function oneLine(text: string, length = 100): string {
  const [line = ""] = text.trimStart().split("\n", 1);
  return line
    .replaceAll(/[^\P{C}\t]|\t/gu, " ")
    .trim()
    .slice(0, length);
}

/** The first line of a file. */
export function readLine(host: Host, path: string): Answer<string> {
  const text = host.readText(path);
  return text.ok ? { ok: true, value: oneLine(text.value) } : text;
}

/** A line as evidence: what it says, or why it could not be read. */
export function lineOrErrno(line: Answer<string>): string {
  return line.ok ? line.value : line.errno;
}
