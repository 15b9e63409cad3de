import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { openMaker } from "../../src/run/open-maker.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? 0;
const outside = { uid, gid: uid };
const bubblewrap = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
const podman = { program: "podman", path: "/usr/bin/podman", runtime: "crun", runtimePath: "/usr/bin/crun" } as const;

function madeBy(maker: MadePlan["maker"], parts: Partial<LauncherPlan> = {}): MadePlan {
  return { ...barePlan(["/bin/true"], { inside: { uid: 1000, gid: 1000 }, ...parts }), maker };
}

describe("openMaker", () => {
  test("has nothing made for a program that needs nothing", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const { call, close } = await openMaker(madeBy(bubblewrap), { outside }, [place], uid);
    close();
    expect([call.path, call.isEngine, readdirSync(place)]).toEqual(["/usr/bin/bwrap", undefined, []]);
  });

  test("fills an engine's place, which goes when it is closed", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const { call, close } = await openMaker(madeBy(podman), { outside }, [place], uid);
    const [name = ""] = readdirSync(`${place}/layers`);
    const engines = `${place}/layers/${name}`;
    expect([call.isEngine, call.inputs]).toEqual([true, [{ source: engines }]]);
    expect(readdirSync(engines).toSorted()).toEqual([
      "containers.conf",
      "files",
      "home",
      "hooks",
      "mounts.conf",
      "net",
      "root",
      "run",
      "runtime",
      "storage.conf",
      "store",
      "tmp",
    ]);
    close();
    expect(existsSync(`${place}/layers`)).toBeFalse();
  });

  test("makes nothing where the plan asks for what an engine cannot do", async () => {
    using state = makeTempDir();
    const places = ["one", "other"].map((name) => state.at(name));
    const layered = madeBy(podman, { root: [{ step: "overlay", source: "/w", destination: "/w", mapOwner: "no" }] });
    const opened = openMaker(layered, { outside }, places, uid).catch((error: unknown) => String(error));
    expect(await opened).toContain("a container engine cannot lay a layer over /w");
    expect(readdirSync(state.path)).toEqual([]);
  });

  test("says so where there is no place", () =>
    expect(openMaker(madeBy(podman), { outside }, [], uid)).rejects.toThrow("There is no place"));
});
