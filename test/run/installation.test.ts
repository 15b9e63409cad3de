import { describe, expect, test } from "bun:test";
import { linkSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { demandOwner, demandSame, locateInstallation } from "../../src/run/installation.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("locateInstallation", () => {
  test("finds the companions of what lies in a bin, and of nothing else", () => {
    expect(locateInstallation("/usr/local/bin/cupel")).toEqual({
      executable: "/usr/local/bin/cupel",
      directory: "/usr/local/bin",
      library: "/usr/local/lib/cupel",
      manuals: "/usr/local/share/man/man1",
    });
    expect(locateInstallation("/opt/cupel")).toEqual({
      executable: "/opt/cupel",
      directory: "/opt",
      library: undefined,
      manuals: undefined,
    });
  });
});

describe("demandOwner", () => {
  test("gives the status to the owner, and says to others who that is", () => {
    using directory = makeTempDir({ owner: ordinaryCaller });
    const installation = locateInstallation(directory.file("cupel"));
    const { uid } = ordinaryCaller;
    expect(demandOwner(installation, uid).uid).toBe(uid);
    const owner = isRoot ? `user ${uid}` : uid === 0 ? "root" : `user ${uid}`;
    const message = `${installation.executable} belongs to ${owner}, so only ${owner} can upgrade it: call cupel upgrade as ${owner}`;
    expect(refusal(() => demandOwner(installation, uid + 1))).toEqual(new CupelError("refused", message));
  });

  test("says when it is gone", () => {
    using directory = makeTempDir();
    const installation = locateInstallation(directory.at("cupel"));
    const message = `${installation.executable} is not there any more (ENOENT): it cannot be replaced`;
    expect(refusal(() => demandOwner(installation, 0))).toMatchObject({ code: "refused", message });
  });
});

describe("demandSame", () => {
  test("takes the file that runs by any name, and no other", () => {
    using directory = makeTempDir();
    const own = directory.file("own");
    linkSync(own, directory.at("cupel"));
    const installation = locateInstallation(directory.at("cupel"));
    expect(refusal(() => demandSame(installation, own))).toBeUndefined();
    expect(refusal(() => demandSame(installation, directory.file("other")))).toMatchObject({ code: "refused" });
    expect(refusal(() => demandSame(installation, directory.at("missing")))).toBeUndefined();
  });
});
