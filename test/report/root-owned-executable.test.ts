import { describe, expect, test } from "bun:test";
import type { FileStatus, Host } from "../../src/host/host.ts";
import { findRootOwnedExecutable } from "../../src/report/root-owned-executable.ts";

const plain: FileStatus = {
  kind: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  modifiedMs: 0,
  inode: 1,
  device: 1,
  deviceNumber: 0,
};

/** A host whose every path is root's alone, but for these. */
function find(executable: string, others: Readonly<Record<string, Partial<FileStatus>>> = {}): string | undefined {
  const host: Pick<Host, "readLink" | "linkStatus"> = {
    readLink: () => ({ ok: true, value: executable }),
    linkStatus: (path) => ({ ok: true, value: { ...plain, ...others[path] } }),
  };
  return findRootOwnedExecutable(host);
}

describe("findRootOwnedExecutable", () => {
  test("finds cupel where root alone can write", () => expect(find("/opt/cupel/cupel")).toBe("/opt/cupel/cupel"));

  test.each([
    ["the file is another user's", { "/opt/cupel/cupel": { uid: 1000 } }],
    ["the file is a group's to write", { "/opt/cupel/cupel": { mode: 0o775 } }],
    ["a directory above it is everyone's", { "/opt": { mode: 0o1777 } }],
    ["a directory above it is another user's", { "/opt/cupel": { uid: 1000 } }],
    ["the root is everyone's", { "/": { mode: 0o777 } }],
  ])("finds none where %s", (_, others) => expect(find("/opt/cupel/cupel", others)).toBeUndefined());

  test("finds none where a runtime runs cupel: what it is granted, every script has", () =>
    expect(find("/usr/bin/bun")).toBeUndefined());

  test("finds none where the file was taken away meanwhile", () =>
    expect(find("/opt/cupel/cupel (deleted)")).toBeUndefined());

  test("finds none where it cannot look", () => {
    const host: Pick<Host, "readLink" | "linkStatus"> = {
      readLink: () => ({ ok: false, errno: "ENOENT" }),
      linkStatus: () => ({ ok: false, errno: "EACCES" }),
    };
    expect(findRootOwnedExecutable(host)).toBeUndefined();
    const link = { ...host, readLink: () => ({ ok: true, value: "/opt/cupel" }) as const };
    expect(findRootOwnedExecutable(link)).toBeUndefined();
  });
});
