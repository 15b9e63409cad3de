import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync } from "node:fs";
import { useContainerRoot, useEnginePlace } from "../../src/launch/container-root.ts";
import { loadAttackHelpers } from "../../src/launch/attack-helpers.ts";
import { loadFrontHelpers } from "../../src/launch/front-helpers.ts";
import { openHelperFiles, type HelperName } from "../../src/launch/helper-file.ts";
import { cleanState, cleanTemporary } from "../../src/run/clean-state.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
const helperNames: readonly HelperName[] = ["launcher", "prober", "courier", "attacker", "victim", "bwrap"];
const really = { dryRun: false, mountPoints: [] };

describe("cleanState", () => {
  test("knows everything that is put there", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    loadAttackHelpers();
    loadFrontHelpers();
    for (const name of helperNames) {
      const opened = openHelperFiles(name, [state], uid, directory.at("nowhere")).next();
      if (opened.done !== true) opened.value.close();
    }
    useContainerRoot(state, uid);
    useEnginePlace(state, uid, "crun", { "config.json": "{}", "run/": "" });
    const removals = cleanState([state, directory.at("missing"), state], uid, really);
    expect(removals.map(({ result, path }) => `${result} ${path.replace(/[0-9a-f]{16}/, "HASH")}`)).toEqual([
      `removed ${state}/attacker-HASH`,
      `removed ${state}/bwrap-HASH`,
      `removed ${state}/courier-HASH`,
      `removed ${state}/engines`,
      `removed ${state}/launcher-HASH`,
      `removed ${state}/prober-HASH`,
      `removed ${state}/root`,
      `removed ${state}/victim-HASH`,
      `removed ${state}`,
    ]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("leaves the directory of a launch of which Docker has something still", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    const [kept, gone] = ["a", "b"].map((end) => `${state}/layers/running-4194305-${ownPlace()}-${end}`);
    directory.file(`state/layers/${kept?.slice(state.length + 8)}/image.tar`);
    directory.file(`state/layers/${gone?.slice(state.length + 8)}/image.tar`);
    chmodSync(`${state}/layers`, 0o700);
    const removals = cleanState([state], uid, { ...really, dockers: [kept ?? ""] });
    expect(removals.map(({ result, path }) => [result, path])).toEqual([
      ["left", kept ?? ""],
      ["removed", gone ?? ""],
    ]);
    expect(removals[0]).toMatchObject({ reason: "Docker has not taken away what it has of it" });
  });

  test("leaves what a process that is there may be writing", () => {
    using directory = makeTempDir();
    const path = directory.file(`state/report.json.${process.pid}`);
    chmodSync(directory.at("state"), 0o700);
    expect(cleanState([directory.at("state")], uid, really)).toEqual([
      { result: "left", path, reason: `process ${process.pid} may be writing it` },
    ]);
  });
});

describe("cleanTemporary", () => {
  test("leaves a young self-test and what only looks like one", () => {
    using directory = makeTempDir();
    const young = directory.folder("cupel-self-test-aB3dE6");
    directory.file("cupel-self-test-file00");
    directory.folder("cupel-self-test-more-than-that");
    expect(cleanTemporary(directory.path, uid, really)).toEqual([
      { result: "left", path: young, reason: "a self-test may be under way" },
    ]);
    expect(cleanTemporary(directory.at("missing"), uid, really)).toEqual([]);
  });
});
