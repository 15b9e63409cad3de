/** Kernel settings by the names that sysctl(8) gives them. They explain what was seen; they decide nothing. */
import type { Answer, Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";

/** One setting, or the errno that stood in the way of reading it. */
export interface Setting {
  readonly name: string;
  readonly answer: Answer<string>;
}

/** Reads `kernel.io_uring_disabled` and its like from /proc/sys. */
export function readSetting(host: Host, name: string): Setting {
  return { name, answer: readLine(host, `/proc/sys/${name.replaceAll(".", "/")}`) };
}

/** The setting as a number; undefined where there is none. */
export function numberOf({ answer }: Setting): number | undefined {
  return answer.ok && /^-?\d+$/.test(answer.value) ? Number(answer.value) : undefined;
}

/** What was read, as evidence. */
export function settingEvidence({ name, answer }: Setting): Evidence {
  return { action: `read ${name}`, result: lineOrErrno(answer) };
}

/** `kernel.io_uring_disabled is 2`: words from which the table of remedies takes the name. */
export function settingWords({ name, answer }: Setting): string {
  return `${name} is ${lineOrErrno(answer)}`;
}
