/** `cupel lock`: writes down what this host is expected to be. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { count, joinWords } from "../report/phrase.ts";
import { snapshotOf, stablePart, type Snapshot } from "../report/snapshot.ts";
import { defaultLockPath, renderLock, writeLockFile } from "../run/lock-file.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { say } from "./terminal.ts";

function describeLocked({ capabilities, strategies }: Snapshot): string {
  const amounts = [
    count(Object.keys(capabilities).length, "capability", "capabilities"),
    count(Object.keys(strategies).length, "strategy", "strategies"),
  ];
  return joinWords(amounts);
}

/** Measures twice, since what changes from one time to the next cannot be expected. Gives the exit code. @throws CupelError `usage`. */
export async function lock({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const measure = async (): Promise<Snapshot> =>
    snapshotOf(await measureHost(host, directories, { kind: "whole", deep: flags.has("deep") }));
  const first = await measure();
  const { snapshot, unstable } = stablePart(first, await measure());
  const path = flags.get("output")?.at(-1) ?? defaultLockPath;
  if (unstable.length > 0) say(`not the same twice, so not locked in whole: ${joinWords(unstable)}`);
  if (path === "-") {
    process.stdout.write(renderLock(snapshot));
    return 0;
  }
  writeLockFile(path, snapshot);
  process.stdout.write(`${path}: ${describeLocked(snapshot)} locked; compare with cupel check --lock ${path}\n`);
  return 0;
}
