import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { plantBystanders } from "../../../src/verify/canaries/bystander.ts";
import type { PlantedCanaries } from "../../../src/verify/canaries/canary.ts";
import { victimProgram } from "../../support/victim-program.ts";
import { isAlive } from "../../support/processes.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const pidOf = (planted: PlantedCanaries, key: "supervisor-pid" | "exe-pid" | "apart-pid"): number =>
  Number(planted.keys[key]);

test("whoever is stopped or ended is told of, once for each", async () => {
  using directory = makeTempDir();
  const planted = plantBystanders(victimProgram, directory.path);
  const [supervisor, executed, apart] = (["supervisor-pid", "exe-pid", "apart-pid"] as const).map((key) =>
    pidOf(planted, key),
  );
  expect({ ...planted, look: 0, remove: 0 }).toEqual({
    keys: {
      "supervisor-pid": String(supervisor),
      "exe-pid": String(executed),
      "exe-file": directory.at("bystander"),
      "apart-pid": String(apart),
    },
    tokens: [],
    absent: {},
    look: 0,
    remove: 0,
  });
  await until("the copy is executed", () => readlinkSync(`/proc/${executed}/exe`) === directory.at("bystander"));
  expect(await planted.look()).toEqual([]);
  process.kill(supervisor ?? -1, "SIGSTOP");
  process.kill(apart ?? -1, "SIGKILL");
  await until("one has ended", () => !isAlive(apart ?? -1));
  expect(await planted.look()).toEqual([
    { canary: "supervisor-pid", text: "it was stopped" },
    { canary: "apart-pid", text: "it was ended" },
  ]);
  expect(await planted.look()).toEqual([]);
  await planted.remove();
  expect([supervisor, executed, apart].filter((pid) => isAlive(pid ?? -1))).toEqual([]);
});
