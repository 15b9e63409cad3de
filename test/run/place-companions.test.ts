import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { locateInstallation } from "../../src/run/installation.ts";
import { cleanCompanions, placeCompanions } from "../../src/run/place-companions.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? -1;

function texts(directory: TempDir): Record<string, string> {
  const names = readdirSync(directory.path, { recursive: true }).map(String).toSorted();
  const isFile = (name: string): boolean => statSync(directory.at(name)).isFile();
  return Object.fromEntries(
    names.map((name) => [name, isFile(name) ? readFileSync(directory.at(name), "utf8") : "folder"]),
  );
}

function threeOf(directory: TempDir) {
  const companion = (name: string, text: string | undefined) => ({
    path: directory.at(name),
    content: text === undefined ? undefined : Buffer.from(text),
    mode: 0o755,
  });
  return [companion("lib/cupel/launcher", "new"), companion("manual", "new"), companion("address", undefined)];
}

describe("placeCompanions", () => {
  test("writes, replaces and takes away, and all of it can be had back", () => {
    using directory = makeTempDir();
    directory.file("manual", "old", 0o644);
    directory.file("address", "old");
    const before = texts(directory);
    const umask = process.umask(0o077);
    const putBack = placeCompanions(threeOf(directory));
    process.umask(umask);
    expect(texts(directory)).toEqual({
      lib: "folder",
      "lib/cupel": "folder",
      "lib/cupel/launcher": "new",
      manual: "new",
    });
    const modes = ["lib", "lib/cupel", "lib/cupel/launcher"].map((name) => statSync(directory.at(name)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o755, 0o755]);
    putBack();
    expect(texts(directory)).toEqual(before);
  });

  test("does nothing where one of them cannot be done", () => {
    using directory = makeTempDir();
    directory.folder("manual/in-the-way");
    const before = texts(directory);
    const place = (): unknown => {
      try {
        return placeCompanions(threeOf(directory));
      } catch (error) {
        return error;
      }
    };
    expect(place()).toEqual(expect.any(CupelError));
    expect(place()).toMatchObject({ code: "refused", message: expect.stringContaining("EISDIR") });
    expect(texts(directory)).toEqual(before);
  });
});

describe("cleanCompanions", () => {
  test("removes what was being written by processes that have ended, and nothing else", () => {
    using directory = makeTempDir();
    const installation = locateInstallation(directory.at("bin/cupel"));
    const gone = ["lib/cupel/launcher.9999999", "lib/cupel/.prober.9999999", "share/man/man1/cupel.1.9999999"];
    const stays = [
      "lib/cupel/launcher",
      `lib/cupel/prober.${process.pid}`,
      "share/man/man1/other.1.9999999",
      "share/man/man1/cupel.1",
    ];
    for (const name of [...gone, ...stays]) directory.file(name, "x");
    const context = { dryRun: false, mountPoints: [] };
    expect(cleanCompanions(installation, uid + 1, context)).toEqual([]);
    const removals = cleanCompanions(installation, uid, context);
    expect(removals.map(({ path }) => path).toSorted()).toEqual(gone.map((name) => directory.at(name)).toSorted());
    expect(Object.keys(texts(directory)).filter((name) => texts(directory)[name] === "x")).toEqual(stays.toSorted());
    expect(cleanCompanions(locateInstallation("/opt/cupel"), uid, context)).toEqual([]);
  });
});
