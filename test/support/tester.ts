/** Who calls cupel in a test: root, where the tests run as root, and an ordinary user. */
import { readFileSync } from "node:fs";

/** A user of this machine. */
export interface Caller {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Words in front of a command that make it this user's; they are replaced by the command (exec), not its parent. */
  readonly prefix: readonly string[];
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

function readAccounts(): Account[] {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines.map((line) => {
    const [name = "", , uid, gid, , home = "/"] = line.split(":");
    return { name, uid: Number(uid), gid: Number(gid), home };
  });
}

/** Ids that are somebody's on this machine. */
export function knownUserIds(): number[] {
  return readAccounts().map(({ uid }) => uid);
}

const ordinaryName = "tester";

function findOrMakeTester(): Account {
  const find = (): Account | undefined => readAccounts().find(({ name }) => name === ordinaryName);
  const found = find();
  if (found !== undefined) return found;
  const made = Bun.spawnSync(["useradd", "--create-home", "--shell", "/bin/sh", ordinaryName]);
  const account = find();
  if (account === undefined) throw new Error(`useradd could not make ${ordinaryName}: ${made.stderr.toString()}`);
  return account;
}

const ownUid = process.geteuid?.() ?? -1;

/** Whether the tests run as root, and so can try everything as both. */
export const isRoot = ownUid === 0;

function findSelf(): Caller {
  const account = readAccounts().find(({ uid }) => uid === ownUid);
  const gid = process.getegid?.() ?? -1;
  return { name: account?.name ?? String(ownUid), uid: ownUid, gid, home: account?.home ?? "/", prefix: [] };
}

function findOrdinary(): Caller {
  if (!isRoot) return findSelf();
  const account = findOrMakeTester();
  const { uid, gid } = account;
  return { ...account, prefix: ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--"] };
}

/** An ordinary user: `tester`, made where it is missing, or whoever runs the tests. */
export const ordinaryCaller: Caller = findOrdinary();

/** Root, for tests that only root can make; empty where the tests run as an ordinary user. */
export const rootCallers: readonly Caller[] = isRoot ? [findSelf()] : [];

/** Everyone that a test can be. */
export const callers: readonly Caller[] = [...rootCallers, ordinaryCaller];
