import { expect, test } from "bun:test";
import { unitGroup } from "../../src/run/unit-group.ts";

test("a service's group is in the slice of its manager's services", () =>
  expect([unitGroup("system", 0, "a.service"), unitGroup("user", 7, "a.service")]).toEqual([
    "/sys/fs/cgroup/system.slice/a.service",
    "/sys/fs/cgroup/user.slice/user-7.slice/user@7.service/app.slice/a.service",
  ]));
