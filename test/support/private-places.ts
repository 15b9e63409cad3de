/**
 * The places that several users share, as a test's own: for root a mount namespace in which they are empty, for an
 * ordinary user what it has made there by the end of the tests is taken away.
 */
import { afterAll, beforeAll } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { start, type Running } from "./execute.ts";
import { isRoot, ordinaryCaller, type Caller } from "./tester.ts";

const places = ["/var/lib", "/run", "/dev/shm", "/var/tmp"];

/** Where an ordinary user's state goes without a home: see src/host/private-directory.ts. */
const ownDirectories = [
  `/run/user/${ordinaryCaller.uid}/cupel`,
  ...["/dev/shm", "/tmp", "/var/tmp"].map((place) => `${place}/cupel-${ordinaryCaller.uid}`),
];

/** Gives callers what their commands need to be run in there, in a directory; made for the tests of one file. */
export function usePrivatePlaces(commands: readonly string[] = []): (caller: Caller, directory: string) => Caller {
  let holder: Running | undefined;
  const mounts = places.map((place) => `mount -t tmpfs -o mode=1777 none ${place}`);
  // A state directory of root's is not looked for below a place that everyone may write to.
  const modes = ["chmod 755 /var/lib /run"];
  const script = [...mounts, ...modes, ...commands, "echo ready", "exec sleep 1000000"].join(" && ");
  beforeAll(async () => {
    if (!isRoot) return;
    holder = start(["unshare", "--mount", "--propagation", "private", "sh", "-c", script]);
    await holder.wrote("ready");
  });
  const foundThere = ownDirectories.filter((directory) => existsSync(directory));
  afterAll(async () => {
    await holder?.[Symbol.asyncDispose]();
    const made = isRoot ? [] : ownDirectories.filter((directory) => !foundThere.includes(directory));
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
  });
  // Entering a mount namespace forgets the directory that one was in (setns(2)).
  const enter = (pid: number, directory: string): string[] => [
    "nsenter",
    `--mount=/proc/${pid}/ns/mnt`,
    "env",
    "-C",
    directory,
  ];
  return (caller, directory) => ({
    ...caller,
    prefix: [...(holder === undefined ? [] : enter(holder.pid, directory)), ...caller.prefix],
  });
}
