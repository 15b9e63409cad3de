/** `cupel lock`: writes down what this host is expected to be. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { count, joinWords } from "../report/phrase.ts";
import { printableText } from "../report/printable-text.ts";
import { quoteWords } from "../report/shell-words.ts";
import { stablePart, unstableIn } from "../report/compare-snapshots.ts";
import { snapshotOf, type Snapshot } from "../report/snapshot.ts";
import { defaultLockPath } from "../run/default-paths.ts";
import { openLockFile, renderLock } from "../run/lock-file.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { say, writeOutput } from "./terminal.ts";

function describeLocked({ capabilities, strategies }: Snapshot): string {
  const amounts = [
    count(Object.keys(capabilities).length, "capability", "capabilities"),
    count(Object.keys(strategies).length, "strategy", "strategies"),
  ];
  return joinWords(amounts);
}

interface Locked {
  readonly snapshot: Snapshot;
  /** Capabilities that are not in it. */
  readonly unstable: readonly string[];
}

/** Measures twice, and where that was not the same a third time: what changes each time cannot be expected. */
async function measureStable(measure: () => Promise<Snapshot>): Promise<Locked> {
  const [first, second] = [await measure(), await measure()];
  if (unstableIn(first, second).length === 0) return { snapshot: second, unstable: [] };
  const last = await measure();
  const snapshot = stablePart([first, second], last);
  const unstable = Object.keys(last.capabilities).filter((id) => snapshot.capabilities[id] === undefined);
  return { snapshot, unstable };
}

async function measureLock(deep: boolean): Promise<Snapshot> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const { snapshot, unstable } = await measureStable(async () =>
    snapshotOf(await measureHost(host, directories, { kind: "whole", deep })),
  );
  if (unstable.length > 0) say(`never the same twice, so not locked: ${joinWords(unstable)}`);
  return snapshot;
}

/** Writes the lock; gives the exit code. @throws CupelError `usage`, `set-up`. */
export async function lock({ flags }: CommandLine): Promise<number> {
  const path = flags.get("output")?.at(-1) ?? defaultLockPath;
  const deep = flags.has("deep");
  if (path === "-") {
    writeOutput(renderLock(await measureLock(deep)));
    return 0;
  }
  const file = openLockFile(path);
  const snapshot = await measureLock(deep);
  file.write(renderLock(snapshot));
  file.close();
  const hint = path === defaultLockPath ? "cupel check --locked" : `cupel check --lock ${quoteWords([path])}`;
  writeOutput(`${printableText(path, true)}: ${describeLocked(snapshot)} locked; compare with ${hint}\n`);
  return 0;
}
