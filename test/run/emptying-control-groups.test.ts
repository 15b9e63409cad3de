import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { isUsable } from "../../src/model/capability.ts";
import { createControlGroups } from "../../src/run/control-groups.ts";
import { EmptyingControlGroups } from "../../src/run/emptying-control-groups.ts";
import { start } from "../support/execute.ts";
import { measureControlGroups } from "../support/measured-control-groups.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const matrix = await measureControlGroups();
const withGroups = needs(isUsable(matrix["cgroup.pids"]) && isRoot, "no control groups can be made here");

describe("EmptyingControlGroups", () => {
  test("removes at once what is empty, and takes for removed what is gone or cannot be", () => {
    using directory = makeTempDir();
    const emptying = new EmptyingControlGroups();
    directory.file("kept/file");
    emptying.add([directory.folder("a"), directory.folder("b"), directory.at("gone"), directory.at("kept")]);
    expect(readdirSync(directory.path)).toEqual(["kept"]);
    emptying.finish();
  });

  withGroups("keeps a group in mind that holds a process, and removes it when it is free", async () => {
    const emptying = new EmptyingControlGroups();
    const busy = createControlGroups({ pids: 9 }, matrix, "cupel-test-emptying-1");
    const free = createControlGroups({ pids: 9 }, matrix, "cupel-test-emptying-2");
    const [held = "", other = ""] = [...busy.directories, ...free.directories];
    await using sleeper = start(["sleep", "60"]);
    writeFileSync(`${held}/cgroup.procs`, String(sleeper.pid));
    emptying.add([held]);
    expect(existsSync(held)).toBeTrue();
    sleeper.kill("SIGKILL");
    await sleeper.ended;
    emptying.add([other]);
    expect(existsSync(other)).toBeFalse();
    await until("the group is removed by itself", () => !existsSync(held));
  });

  withGroups("waits in the end for a group that is being freed", async () => {
    const emptying = new EmptyingControlGroups();
    const groups = createControlGroups({ pids: 9 }, matrix, "cupel-test-emptying-3");
    const [held = ""] = groups.directories;
    await using sleeper = start(["sleep", "0.1"]);
    writeFileSync(`${held}/cgroup.procs`, String(sleeper.pid));
    emptying.add([held]);
    expect(existsSync(held)).toBeTrue();
    sleeper.kill("SIGKILL");
    emptying.finish();
    expect(existsSync(held)).toBeFalse();
  });
});
