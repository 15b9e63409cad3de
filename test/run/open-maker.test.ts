import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { createRealHost } from "../../src/host/real-host.ts";
import { originalHelper } from "../../src/launch/helper-file.ts";
import { openMaker, type MakerSurroundings } from "../../src/run/open-maker.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? 0;
const outside = { uid, gid: uid };
const bubblewrap = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
const podman = { program: "podman", path: "/usr/bin/podman", runtime: "crun", runtimePath: "/usr/bin/crun" } as const;
const docker = { program: "docker", path: "/usr/bin/docker" } as const;
const systemd = {
  program: "systemd-run",
  path: "/usr/bin/systemd-run",
  manager: "user",
  controlPath: "/usr/bin/systemctl",
} as const;

function inPlaces(
  stateDirectories: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): MakerSurroundings {
  const own = createRealHost();
  return {
    stateDirectories,
    host: { identity: own.identity, environment, run: () => Promise.reject(new Error("none is run")) },
  };
}

function madeBy(maker: MadePlan["maker"], parts: Partial<LauncherPlan> = {}): MadePlan {
  return { ...barePlan(["/bin/true"], { inside: { uid: 1000, gid: 1000 }, ...parts }), maker };
}

/** What files hold that are texts, and of all else what it is. */
function contentsOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = relative(directory, `${entry.parentPath}/${entry.name}`);
    if (entry.isDirectory()) return [path, "directory"];
    return [path, path.startsWith("files/") ? readFileSync(`${directory}/${path}`, "utf8") : "file"];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

/** One file of an archive, as GNU tar finds it. */
async function unpacked(archive: string, path: string): Promise<Uint8Array> {
  using directory = makeTempDir();
  const { code, stderr } = await execute(["tar", "-C", directory.path, "-xf", archive, path]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return readFileSync(directory.at(path));
}

describe("openMaker", () => {
  test("has nothing made for a program that needs nothing", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const { call, close } = await openMaker(madeBy(bubblewrap), { outside }, inPlaces([place]));
    close();
    expect([call.path, call.isEngine, readdirSync(place)]).toEqual(["/usr/bin/bwrap", undefined, []]);
  });

  test("fills an engine's place, which goes when it is closed", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const { call, close } = await openMaker(madeBy(podman), { outside }, inPlaces([place]));
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

  test("has the image of a job's own lie there, and the directory where its container is awaited", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const plan = madeBy(docker, { root: [{ step: "file", destination: "/etc/hosts", content: "own\n" }] });
    const surroundings = inPlaces([place], { DOCKER_HOST: "unix:///none", LD_PRELOAD: "/evil" });
    const { call, close } = await openMaker(plan, { outside }, surroundings);
    const [name = ""] = readdirSync(`${place}/layers`);
    const engines = `${place}/layers/${name}`;
    expect({ gate: call.gate, inputs: call.inputs, environment: call.environment }).toEqual({
      gate: `${engines}/gate`,
      inputs: [],
      environment: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", DOCKER_HOST: "unix:///none" },
    });
    expect(contentsOf(engines)).toEqual({
      "files/0": "own\n",
      "files/1": "",
      "files/2": "",
      gate: "directory",
      files: "directory",
      "image.tar": "file",
    });
    expect(await unpacked(`${engines}/image.tar`, ".cupel/launcher")).toEqual(originalHelper("launcher").bytes);
    close();
    expect(existsSync(`${place}/layers`)).toBeFalse();
  });

  test("has the root of a unit lie there, with the launcher in it", async () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const plan = madeBy(systemd, { root: [{ step: "file", destination: "/etc/hosts", content: "own\n" }] });
    const surroundings = inPlaces([place], { XDG_RUNTIME_DIR: "/run/me", LD_PRELOAD: "/evil" });
    const { call, close } = await openMaker(plan, { outside }, surroundings);
    const [name = ""] = readdirSync(`${place}/layers`);
    const unit = `${place}/layers/${name}`;
    expect(call.environment).toEqual({
      PATH: "/usr/bin:/bin",
      LC_ALL: "C",
      XDG_RUNTIME_DIR: "/run/me",
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/me/bus",
    });
    expect(readFileSync(`${unit}/root/etc/hosts`, "utf8")).toBe("own\n");
    const launcher = `${unit}/root/.cupel/launcher`;
    expect(new Uint8Array(readFileSync(launcher))).toEqual(new Uint8Array(originalHelper("launcher").bytes));
    expect((statSync(launcher).mode & 0o7777).toString(8)).toBe("555");
    close();
    expect(existsSync(`${place}/layers`)).toBeFalse();
  });

  test.each([podman, docker, systemd])(
    "makes nothing where the plan asks for what an engine cannot do: $program",
    async (maker) => {
      using state = makeTempDir();
      const places = ["one", "other"].map((name) => state.at(name));
      const layered = madeBy(maker, { root: [{ step: "overlay", source: "/w", destination: "/w", mapOwner: "no" }] });
      const opened = openMaker(layered, { outside }, inPlaces(places)).catch((error: unknown) => String(error));
      expect(await opened).toContain("a container engine cannot lay a layer over /w");
      expect(readdirSync(state.path)).toEqual([]);
    },
  );

  test("uses the next state directory where the first has no place", async () => {
    using state = makeTempDir();
    const [none, place] = [state.file("none", ""), state.folder("state", 0o700)];
    const { call, close } = await openMaker(madeBy(docker), { outside }, inPlaces([none, place]));
    expect(call.gate).toStartWith(`${place}/layers/`);
    close();
  });

  test("says so where there is no place", () =>
    expect(openMaker(madeBy(podman), { outside }, inPlaces([]))).rejects.toThrow("There is no place"));
});
