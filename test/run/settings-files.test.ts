import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { findSettingsFiles, userConfigurationPath } from "../../src/run/settings-files.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { needs } from "../support/must-work.ts";
import { isRoot } from "../support/tester.ts";

const real = createRealHost();

function hostIn(directory: string, environment: Record<string, string> = {}, uid = 1000): Host {
  return { ...real, directory, environment, identity: { ...real.identity, uid } };
}

describe("the project's file", () => {
  test("is the current directory's, in a repository or not", () => {
    using place = makeTempDir();
    const file = place.file("project/cupel.yaml");
    expect(findSettingsFiles(hostIn(place.at("project"))).project).toBe(file);
    place.folder("project/.git");
    expect(findSettingsFiles(hostIn(place.at("project"))).project).toBe(file);
  });

  test("is the nearest above, within the repository and not beyond it", () => {
    using place = makeTempDir();
    place.file("cupel.yaml");
    const below = place.folder("repository/src/deep");
    const find = (): string | undefined => findSettingsFiles(hostIn(below)).project;
    expect(find()).toBeUndefined();
    place.file("repository/.git", "gitdir: elsewhere\n");
    expect(find()).toBeUndefined();
    const top = place.file("repository/cupel.yaml");
    expect(find()).toBe(top);
    const nearer = place.file("repository/src/cupel.yaml");
    expect(find()).toBe(nearer);
  });

  test("is none that lies in a home by another name", () => {
    using place = makeTempDir();
    place.file("home/cupel.yaml");
    symlinkSync(place.at("home"), place.at("link"));
    const home = hostIn(place.at("home"), { HOME: place.at("link") });
    expect(findSettingsFiles(home).project).toBeUndefined();
    expect(findSettingsFiles({ ...home, environment: { HOME: "" } }).project).toBe(place.at("home/cupel.yaml"));
  });

  test("is none that lies in a home or in a directory that is everybody's", () => {
    using home = makeTempDir();
    home.file("cupel.yaml");
    home.folder(".git");
    const below = home.folder("project");
    expect(findSettingsFiles(hostIn(below)).project).toBe(home.at("cupel.yaml"));
    for (const directory of [below, home.path]) {
      expect(findSettingsFiles(hostIn(directory, { HOME: `${home.path}/` })).project).toBeUndefined();
    }
    expect(findSettingsFiles(hostIn("/tmp")).project).toBeUndefined();
    expect(findSettingsFiles(hostIn("/")).project).toBeUndefined();
  });

  test("is also one that leads nowhere: it is there, and is wrong", () => {
    using place = makeTempDir();
    Bun.spawnSync(["ln", "-s", "nowhere", place.at("cupel.yaml")]);
    expect(findSettingsFiles(hostIn(place.path)).project).toBe(place.at("cupel.yaml"));
  });
});

describe("the user's configuration", () => {
  test.each([
    [{ XDG_CONFIG_HOME: "/c", HOME: "/h" }, "/c/cupel/config.yaml"],
    [{ HOME: "/h" }, "/h/.config/cupel/config.yaml"],
    [{ XDG_CONFIG_HOME: "relative", HOME: "/h" }, "/h/.config/cupel/config.yaml"],
    [{ XDG_CONFIG_HOME: "" }, undefined],
    [{}, undefined],
  ])("of a user with %j is at %p", (environment, path) =>
    expect(userConfigurationPath(hostIn("/", environment as Record<string, string>))).toBe(path),
  );

  needs(isRoot, "not root, whose place it is")("of root is in /etc, whatever HOME says", () => {
    expect(userConfigurationPath(hostIn("/", { HOME: "/home/ada" }, 0))).toBe("/etc/cupel/config.yaml");
    expect(userConfigurationPath(hostIn("/", { XDG_CONFIG_HOME: "/c" }, 0))).toBe("/c/cupel/config.yaml");
  });

  test("is found where it is there", () => {
    using place = makeTempDir();
    const host = hostIn("/", { XDG_CONFIG_HOME: place.path });
    expect(findSettingsFiles(host).user).toBeUndefined();
    const file = place.file("cupel/config.yaml");
    expect(findSettingsFiles(host).user).toBe(file);
  });
});
