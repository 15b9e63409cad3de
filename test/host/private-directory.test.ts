import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lchownSync, statSync, symlinkSync } from "node:fs";
import {
  ancestorsOf,
  checkPrivateDirectory,
  parseIsHostRoot,
  stateDirectories,
  usePrivateDirectory,
  useWritableDirectory,
} from "../../src/host/private-directory.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can give files to others");
const ownUid = process.geteuid?.() ?? -1;
const { uid: strangerUid, gid: strangerGid } = ordinaryCaller;

describe("ancestorsOf", () => {
  test.each([
    ["/a/b/c", ["/a/b", "/a", "/"]],
    ["/a", ["/"]],
    ["/", []],
    ["//a//b/", ["/a", "/"]],
  ])("%s", (path, expected) => expect(ancestorsOf(path)).toEqual(expected));
});

describe("checkPrivateDirectory", () => {
  test.each([
    [0o700, undefined],
    [0o755, undefined],
    [0o711, undefined],
    [0o770, "can be changed by others"],
    [0o707, "can be changed by others"],
    [0o1777, "can be changed by others"],
  ])("of mode %o", (mode, reason) => {
    using directory = makeTempDir();
    const path = directory.folder("own", mode);
    expect(checkPrivateDirectory(path, ownUid)).toEqual(
      reason === undefined ? { ok: true } : { ok: false, reason: `${path} ${reason}` },
    );
  });

  test("takes no file, no symlink and nothing that is not there", () => {
    using directory = makeTempDir();
    directory.folder("own", 0o700);
    symlinkSync("own", directory.at("link"));
    directory.file("file");
    const reasons = ["link", "file", "absent"].map((name) => checkPrivateDirectory(directory.at(name), ownUid));
    expect(reasons).toEqual([
      { ok: false, reason: `${directory.at("link")} is not a directory` },
      { ok: false, reason: `${directory.at("file")} is not a directory` },
      { ok: false, reason: `${directory.at("absent")}: ENOENT` },
    ]);
  });

  asRoot("takes none of another user's, whatever its mode", () => {
    using directory = makeTempDir();
    const path = directory.folder("theirs", 0o700);
    lchownSync(path, strangerUid, strangerGid);
    expect(checkPrivateDirectory(path, 0)).toEqual({
      ok: false,
      reason: `${path} belongs to user ${strangerUid}, not to 0`,
    });
    expect(checkPrivateDirectory(path, strangerUid)).toEqual({ ok: true });
  });

  asRoot("for root, takes none below a directory of another user's", () => {
    using directory = makeTempDir();
    const path = directory.folder("theirs/own", 0o700);
    const theirs = directory.at("theirs");
    lchownSync(theirs, strangerUid, strangerGid);
    const reason = `${theirs} belongs to user ${strangerUid}, not to root`;
    expect(checkPrivateDirectory(path, 0)).toEqual({ ok: false, reason });
  });

  asRoot("for root, takes none below a directory that others may change, unless it is sticky", () => {
    using directory = makeTempDir();
    const path = directory.folder("shared/own", 0o700);
    const shared = directory.at("shared");
    chmodSync(shared, 0o777);
    expect(checkPrivateDirectory(path, 0)).toEqual({
      ok: false,
      reason: `${shared} can be changed by others than root`,
    });
    chmodSync(shared, 0o1777);
    expect(checkPrivateDirectory(path, 0)).toEqual({ ok: true });
  });

  asRoot("for root, takes none behind a symlink", () => {
    using directory = makeTempDir();
    directory.folder("real/own", 0o700);
    symlinkSync("real", directory.at("link"));
    const reason = `${directory.at("link")} is not a directory`;
    expect(checkPrivateDirectory(directory.at("link/own"), 0)).toEqual({ ok: false, reason });
  });
});

describe("useWritableDirectory", () => {
  test("makes it, and says of one that takes nothing what stands in the way", () => {
    using directory = makeTempDir();
    expect(useWritableDirectory(directory.at("made"), ownUid)).toEqual({ ok: true });
    directory.file("file");
    const reason = `${directory.at("file")}: EEXIST`;
    expect(useWritableDirectory(directory.at("file"), ownUid)).toEqual({ ok: false, reason });
  });

  test("takes none in which nothing can be made", () => {
    using directory = makeTempDir();
    // The kernel makes nobody's files there, not even root's.
    const path = isRoot ? "/proc/sys/fs" : directory.folder("closed", 0o500);
    expect(usePrivateDirectory(path, ownUid)).toEqual({ ok: true });
    expect(useWritableDirectory(path, ownUid)).toEqual({ ok: false, reason: `${path}: EACCES` });
  });
});

describe("usePrivateDirectory", () => {
  test("makes the directory and its parents for their owner alone", () => {
    using directory = makeTempDir();
    const path = directory.at("one/two/cupel");
    expect(usePrivateDirectory(path, ownUid)).toEqual({ ok: true });
    const modes = ["one", "one/two", "one/two/cupel"].map((name) => statSync(directory.at(name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o700]);
  });

  test("uses one that is there as it is", () => {
    using directory = makeTempDir();
    const path = directory.folder("own", 0o755);
    expect(usePrivateDirectory(path, ownUid)).toEqual({ ok: true });
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  test("does not mend one that others may change: what is in it may be theirs", () => {
    using directory = makeTempDir();
    const path = directory.folder("shared", 0o777);
    expect(usePrivateDirectory(path, ownUid)).toEqual({ ok: false, reason: `${path} can be changed by others` });
  });

  test("says why none can be made", () => {
    using directory = makeTempDir();
    directory.file("file");
    const path = directory.at("file/cupel");
    const place = usePrivateDirectory(path, ownUid);
    expect(place.ok ? "" : place.reason).toMatch(/\/file(\/cupel)?( is not a directory|: ENOTDIR)$/);
    expect(usePrivateDirectory("/proc/cupel", ownUid)).toEqual({ ok: false, reason: "/proc/cupel: ENOENT" });
  });

  asRoot("for root, makes nothing below a directory of another user's", () => {
    using directory = makeTempDir();
    const theirs = directory.folder("theirs");
    lchownSync(theirs, strangerUid, strangerGid);
    const reason = `${theirs} belongs to user ${strangerUid}, not to root`;
    expect(usePrivateDirectory(`${theirs}/one/two`, 0)).toEqual({ ok: false, reason });
    expect(existsSync(`${theirs}/one`)).toBeFalse();
  });
});

describe("parseIsHostRoot", () => {
  test.each([
    ["         0          0 4294967295\n", true],
    ["0 0 1\n1 100000 65536\n", true],
    ["         0       1000          1\n", false],
    ["         0     100000      65536\n", false],
    ["      1000          0          1\n", false],
    ["", false],
  ])("of %p is %p", (uidMap, expected) => expect(parseIsHostRoot(uidMap)).toBe(expected));
});

describe("stateDirectories", () => {
  const ofUser = (environment: Record<string, string>): string[] =>
    stateDirectories({ platform: "linux", environment, identity: { uid: 1000, gid: 1000, groups: [] } });
  const sharedPlaces = ["/run/user/1000/cupel", "/dev/shm/cupel-1000", "/tmp/cupel-1000", "/var/tmp/cupel-1000"];

  test("of a user are the stated one, the home's, the run-time one, and private ones under shared places", () =>
    expect(ofUser({ XDG_STATE_HOME: "/s", HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/1000" })).toEqual([
      "/s/cupel",
      "/home/ada/.local/state/cupel",
      "/run/user/1000/cupel",
      ...sharedPlaces,
    ]));

  test.each([
    ["absent", {}],
    ["empty", { XDG_STATE_HOME: "", HOME: "", XDG_RUNTIME_DIR: "" }],
    ["relative", { XDG_STATE_HOME: "s", HOME: "home/ada", XDG_RUNTIME_DIR: "./run" }],
    ["the root", { XDG_STATE_HOME: "/", HOME: "/", XDG_RUNTIME_DIR: "/" }],
  ])("of a user do not hang on variables that are %s", (_, environment) =>
    expect(ofUser(environment)).toEqual(sharedPlaces),
  );

  test("of a user have no slash too many", () => expect(ofUser({ XDG_STATE_HOME: "/s//" })[0]).toBe("/s/cupel"));

  test("of root are the system's, never a home", () =>
    expect(
      stateDirectories({
        platform: "linux",
        environment: { XDG_STATE_HOME: "/s", HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/1000" },
        identity: { uid: 0, gid: 0, groups: [] },
      }),
    ).toEqual(["/s/cupel", "/var/lib/cupel", "/run/cupel", "/dev/shm/cupel-0", "/tmp/cupel-0"]));

  test("are none where there is no Linux", () =>
    expect(
      stateDirectories({
        platform: "darwin",
        environment: { HOME: "/Users/ada" },
        identity: { uid: 501, gid: 20, groups: [] },
      }),
    ).toEqual([]));
});
