import { describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync } from "node:fs";
import { findLayerPlace, layersIn } from "../../src/run/layer-place.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;

describe("findLayerPlace", () => {
  test("takes the first state directory that is private and not in the workspace", () => {
    using directory = makeTempDir();
    directory.folder("open");
    chmodSync(directory.at("open"), 0o777);
    directory.folder("workspace");
    const states = [directory.at("workspace/state"), directory.at("open"), directory.at("state"), directory.at("last")];
    expect(findLayerPlace(states, uid, directory.at("workspace"))).toEqual({
      directory: directory.at("state"),
      isFitForOverlay: true,
    });
    expect(findLayerPlace(states.slice(0, 2), uid, directory.at("workspace"))).toBeUndefined();
    expect(layersIn("/s")).toBe("/s/layers");
  });

  test("gives it by its own name: the launcher follows no link", () => {
    using directory = makeTempDir();
    directory.folder("real", 0o700);
    symlinkSync("real", directory.at("home"));
    const found = findLayerPlace([directory.at("home/cupel")], uid, directory.folder("workspace"));
    // For root, a link on the way to it is one that its owner could change.
    expect(found === undefined || found.directory === directory.at("real/cupel")).toBe(true);
    symlinkSync("workspace", directory.at("inside"));
    expect(findLayerPlace([directory.at("inside/cupel")], uid, directory.at("workspace"))).toBeUndefined();
  });

  test("takes what is in memory only where there is nothing else", () => {
    using memory = makeTempDir({ parent: "/dev/shm", mode: 0o700 });
    using directory = makeTempDir();
    const workspace = directory.folder("workspace");
    const [inMemory, onDisk] = [memory.at("cupel"), directory.at("cupel")];
    expect(findLayerPlace([inMemory, onDisk], uid, workspace)).toEqual({ directory: onDisk, isFitForOverlay: true });
    expect(findLayerPlace([inMemory], uid, workspace)).toEqual({ directory: inMemory, isFitForOverlay: false });
  });
});
