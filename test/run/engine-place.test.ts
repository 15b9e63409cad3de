import { expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { EngineContents } from "../../src/launch/podman-contents.ts";
import { fillEnginePlace } from "../../src/run/engine-place.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const contents: EngineContents = {
  directories: ["root", "store", "files"],
  files: { conf: "a\n", "files/0": "" },
  root: [
    { kind: "directory", path: "/etc", mode: 0o755 },
    { kind: "file", path: "/etc/passwd", content: "x" },
    { kind: "directory", path: "/secret", mode: 0o500 },
    { kind: "file", path: "/secret/point", content: "" },
    { kind: "link", path: "/tmp", target: "nowhere" },
  ],
};

/** Modes, and what links and files say. */
function describeTree(place: string): [string, string, string][] {
  const names = readdirSync(place, { recursive: true, encoding: "utf8" }).toSorted();
  return names.map((name) => {
    const path = `${place}/${name}`;
    const stats = lstatSync(path);
    const text = stats.isSymbolicLink() ? readlinkSync(path) : stats.isFile() ? readFileSync(path, "utf8") : "/";
    return [name, (stats.mode & 0o7777).toString(8), text];
  });
}

test.each([0o000, 0o077])("fillEnginePlace makes all of it with its modes, under umask %o", (umask) => {
  using directory = makeTempDir();
  const place = directory.folder("place", 0o700);
  const before = process.umask(umask);
  try {
    fillEnginePlace(place, contents);
  } finally {
    process.umask(before);
  }
  expect(lstatSync(place).mode & 0o7777).toBe(0o711);
  expect(describeTree(place)).toEqual([
    ["conf", "444", "a\n"],
    ["files", "755", "/"],
    ["files/0", "444", ""],
    ["root", "755", "/"],
    ["root/etc", "755", "/"],
    ["root/etc/passwd", "444", "x"],
    ["root/secret", "500", "/"],
    ["root/secret/point", "444", ""],
    ["root/tmp", "777", "nowhere"],
    ["store", "755", "/"],
  ]);
});

test("fillEnginePlace says where it cannot", () => {
  using directory = makeTempDir();
  expect(() => fillEnginePlace(directory.at("none"), contents)).toThrow(
    `No place for the engine's own files (${directory.at("none")}): ENOENT`,
  );
});
