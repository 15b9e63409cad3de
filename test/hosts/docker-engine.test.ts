/** A Docker engine of the test's own, in a place of its own: asked as root, and as somebody who may not speak to it. */
import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import type { Finding } from "../../src/model/capability.ts";
import { execute, start, type Running } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { asIdentity, clearStage, setStage, type Stage, type TestIdentity } from "../support/run-real-probes.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

let stage: Stage;
let directory: TempDir;
let engine: Running | undefined;

const programs = ["docker", "dockerd", "busybox", "tar"];
const canRun = isRoot && programs.every((name) => Bun.which(name) !== null);
const asRoot = needs(canRun, `only root can start an engine, with ${programs.join(", ")}`);
const groupsBefore = listGroups();

/** Control groups that an engine makes for its containers, and leaves. */
function listGroups(): string[] {
  const top = "/sys/fs/cgroup";
  const trees = existsSync(top) ? [top, ...readdirSync(top).map((name) => `${top}/${name}`)] : [];
  return trees.map((tree) => `${tree}/docker`).filter((group) => existsSync(group));
}

function endpoint(): string {
  return `unix://${directory.at("docker.sock")}`;
}

beforeAll(async () => {
  stage = await setStage();
  directory = makeTempDir({ mode: 0o711 });
  if (!canRun) return;
  // What it leaves in /run goes with the mount namespace.
  const script = 'mount -t tmpfs none /run && exec "$@"';
  const places = ["data", "exec", "pid"].map((name) => directory.at(name));
  const flags = [
    "--bridge=none",
    "--iptables=false",
    "--ip-forward=false",
    "--storage-driver=vfs",
    "--host",
    endpoint(),
  ];
  const words = ["dockerd", ...flags, "--data-root", places[0], "--exec-root", places[1], "--pidfile", places[2]];
  const inPlace = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
  engine = start([...inPlace, ...words.map(String)]);
  const ping = async (): Promise<boolean> => (await docker("version")).code === 0;
  await until("the engine answers", ping, 60_000);
}, 90_000);

afterAll(async () => {
  engine?.kill("SIGTERM");
  await engine?.ended;
  for (const group of listGroups()) if (!groupsBefore.includes(group)) rmdirSync(group);
  directory[Symbol.dispose]();
  clearStage(stage);
}, 60_000);

function docker(...words: string[]) {
  return execute(["docker", ...words], { env: { PATH: process.env["PATH"] ?? "", DOCKER_HOST: endpoint() } });
}

async function find(identity: TestIdentity): Promise<Record<string, Finding>> {
  const command = asIdentity(identity, [], [stage.bun, stage.script, stage.directory.at(identity), "docker"]);
  const env = { PATH: process.env["PATH"] ?? "", DOCKER_HOST: endpoint() };
  const { stdout } = await execute(command, { env, cwd: "/" });
  return JSON.parse(stdout) as Record<string, Finding>;
}

/** Ids of all images and containers, also such as have no name or have ended. */
async function listAll(): Promise<string> {
  const [images, containers] = [await docker("image", "ls", "-aq"), await docker("ps", "-aq")];
  expect([images.code, containers.code]).toEqual([0, 0]);
  return images.stdout + containers.stdout;
}

asRoot("without any image a container keeps what it is told to, and neither of them is left", async () => {
  expect(await listAll()).toBe("");
  const found = await find("root");
  expect(found["docker.engine"]).toMatchObject({ state: "works", level: "exercised", value: "root", blockers: [] });
  expect(found["docker.run"]).toMatchObject({ state: "works", level: "enforced", blockers: [] });
  expect(found["docker.run"]?.evidence.filter(({ action }) => action.startsWith("docker image rm"))).toEqual([]);
  expect(await listAll()).toBe("");
  expect(readdirSync(stage.directory.at("root/engines/docker"))).toEqual([]);
});

asRoot("images that are here stay", async () => {
  directory.folder("root/tmp");
  await execute(["tar", "-C", directory.at("root"), "-cf", directory.at("root.tar"), "."]);
  expect((await docker("import", directory.at("root.tar"), "cupel-test")).code).toBe(0);
  const before = await listAll();
  expect((await find("root"))["docker.run"]).toMatchObject({ state: "works" });
  expect(await listAll()).toBe(before);
});

asRoot("whom the socket is not for is told whose it is", async () => {
  const found = await find("user");
  expect(found["docker.engine"]).toMatchObject({ state: "blocked", blockers: [{ code: "policy" }] });
  expect(found["docker.run"]).toMatchObject({ state: "blocked" });
});

asRoot("an engine that is stopped is no engine", async () => {
  engine?.kill("SIGTERM");
  await engine?.ended;
  expect((await find("root"))["docker.engine"]?.state).toBe("absent");
});
