import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { removeUnitGroup, unitGroup } from "../../src/run/unit-group.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("a service's group is in the slice of its manager's services", () =>
  expect([unitGroup("system", 0, "a.service"), unitGroup("user", 7, "a.service")]).toEqual([
    "/sys/fs/cgroup/system.slice/a.service",
    "/sys/fs/cgroup/user.slice/user-7.slice/user@7.service/app.slice/a.service",
  ]));

test("an empty one is taken away, one with something in it is left, and none is no failure", () => {
  using place = makeTempDir();
  const [empty, used] = [place.folder("empty"), place.folder("used")];
  place.file("used/one", "");
  for (const path of [empty, used, place.at("none")]) removeUnitGroup(path);
  expect([empty, used].map((path) => existsSync(path))).toEqual([false, true]);
});
