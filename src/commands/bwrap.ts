/** `cupel bwrap`: bubblewrap's command line, carried out by a program of cupel's that takes this one's place. */
import { readFileSync } from "node:fs";
import { callersUmask } from "../host/callers-umask.ts";
import { executeProgram } from "../host/execute-program.ts";
import { isThere } from "../host/is-there.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { replaceFile } from "../host/replace-file.ts";
import { loadFrontHelpers } from "../launch/front-helpers.ts";
import { openHelperFiles, originalHelper } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import { say, writeOutput } from "./terminal.ts";

const failed = 1;

/** The program knows by it that there is a word more in front of bubblewrap's. */
const programName = "cupel bwrap";

/** The runtime raised it for itself. Whoever started this process has had the same, but for what is set between. */
function openFilesLimit(limits: string): string {
  return /^Max open files\s+(\d+)\s/m.exec(limits)?.[1] ?? "-";
}

/** Descriptors that bubblewrap is told of: every word that is a number may be one. */
function descriptorsNamed(words: readonly string[]): number[] {
  return words.filter((word) => /^\d{1,7}$/.test(word)).map(Number);
}

/** What this process was started with, as bytes: the runtime makes text of it. */
function readOwnWords(name: "cmdline" | "environ"): Uint8Array[] {
  const bytes = readFileSync(`/proc/self/${name}`);
  const words: Uint8Array[] = [];
  for (let from = 0, end = bytes.indexOf(0); end >= 0; from = end + 1, end = bytes.indexOf(0, from))
    words.push(bytes.subarray(from, end));
  return words;
}

function execute(words: readonly string[]): number {
  const host = createRealHost();
  const own = readOwnWords("cmdline");
  const limits = host.readText(`/proc/${process.ppid}/limits`);
  const files = openHelperFiles("bwrap", stateDirectories(host), host.identity.uid);
  const reasons: string[] = [];
  for (let next = files.next(); ; next = files.next()) {
    if (next.done === true) {
      say(`the program for bubblewrap's command line cannot be executed: ${[...next.value, ...reasons].join("; ")}`);
      return failed;
    }
    // As bubblewrap would, it hands the umask on as it is.
    const umask = process.umask(callersUmask);
    const reason = executeProgram({
      path: next.value.path,
      arguments: [programName, openFilesLimit(limits.ok ? limits.value : ""), ...own.slice(own.length - words.length)],
      environment: readOwnWords("environ"),
      keep: descriptorsNamed(words),
    });
    process.umask(umask);
    next.value.close();
    reasons.push(`${next.value.storedAt}: ${reason}`);
  }
}

/** Writes the program itself: what calls it needs no cupel then, and starts it in a millisecond. */
function install(words: readonly string[]): number {
  const [path, ...more] = words;
  if (path === undefined || path === "" || more.length > 0)
    throw new CupelError("usage", "--install takes one FILE, to write the program to: cupel bwrap --install FILE");
  if (isThere(path)) throw new CupelError("usage", `${path} is there already, and is left as it is; name another file`);
  const failure = replaceFile(path, originalHelper("bwrap").bytes, { mode: 0o755, isSynced: true });
  if (failure !== undefined)
    throw new CupelError("usage", `the program cannot be written to ${failure}; name a file in a directory of yours`);
  writeOutput(`wrote ${path}\n`);
  return 0;
}

/** Becomes the program, or writes it to a file; gives the exit code where it does not. @throws CupelError. */
export function bwrap(words: readonly string[]): number {
  loadFrontHelpers();
  return words[0] === "--install" ? install(words.slice(1)) : execute(words);
}
