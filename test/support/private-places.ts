/** A mount namespace in which the places that several users share are empty: state that lies there is a test's own. */
import { afterAll, beforeAll } from "bun:test";
import { start, type Running } from "./execute.ts";
import { isRoot, type Caller } from "./tester.ts";

const places = ["/var/lib", "/run", "/dev/shm", "/var/tmp"];

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
  afterAll(() => holder?.[Symbol.asyncDispose]());
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
