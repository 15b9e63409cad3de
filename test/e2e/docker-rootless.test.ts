/** Jobs of an ordinary user in containers of a daemon of that user's own, without root's rights: what differs there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readlinkSync, statSync } from "node:fs";
import { findJobs, intrude } from "../support/engine-jobs.ts";
import { start } from "../support/execute.ts";
import { freshMark } from "../support/processes.ts";
import { startRootlessDocker, type RootlessDocker } from "../support/rootless-docker.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inDocker = ["run", "--strategy", "docker", "--workspace", "none"];

let docker: RootlessDocker;
beforeAll(async () => {
  docker = await startRootlessDocker();
});
afterAll(() => docker[Symbol.asyncDispose]());

test("a job has streams, exit code, identity and a root of its own, and leaves nothing", async () => {
  const words = [...inDocker, "--", "sh", "-c", "cat; echo error >&2; id -un; ls /; exit 7"];
  const ran = await cupel.run(ordinaryCaller, words, { env: docker.env, stdin: "from the caller\n" });
  expect(ran).toMatchObject({ code: 7, stderr: "error\n" });
  expect(ran.stdout.split("\n").slice(0, 4)).toEqual(["from the caller", "job", "bin", "dev"]);
  expect(await docker.images()).toEqual([]);
});

test("what is written where that was granted is the job's inside, and the caller's outside", async () => {
  using directory = makeTempDir({ owner: ordinaryCaller, mode: 0o700, parent: "/var/tmp" });
  const script = 'cd "$0" && echo content >made && stat -c %U . made';
  const words = [...inDocker, "--write", directory.path, "--", "sh", "-c", script, directory.path];
  const ran = await cupel.run(ordinaryCaller, words, { env: docker.env });
  expect(ran).toMatchObject({ code: 0, stdout: "job\njob\n", stderr: "" });
  const { uid, gid } = statSync(directory.at("made"));
  expect({ uid, gid }).toEqual({ uid: ordinaryCaller.uid, gid: ordinaryCaller.gid });
});

test("its job is in a user namespace below the daemon's", async () => {
  const mark = freshMark();
  await using running = cupel.start(ordinaryCaller, [...inDocker, "--", "sleep", mark], { env: docker.env });
  const job = await until("the job is there", () => findJobs(mark)[0], 30_000);
  const namespaceOf = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/user`);
  expect(new Set([namespaceOf("self"), namespaceOf(docker.pid), namespaceOf(job)]).size).toBe(3);
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 143 });
  expect(await docker.images()).toEqual([]);
});

test("a network of the host's it has none to share", async () => {
  const ran = await cupel.run(ordinaryCaller, [...inDocker, "--network", "host", "--", "true"], { env: docker.env });
  expect({ code: ran.code, last: ran.stderr.trimEnd().split("\n").at(-1) }).toEqual({
    code: 125,
    last: "cupel: Docker cannot share the host's network: a daemon without root's rights shares its own",
  });
});

test("what it declares is attacked, and holds", async () => {
  const ran = await cupel.run(ordinaryCaller, ["verify", "--strategy", "docker", "--json"], {
    env: docker.env,
    deadlineMs: 55_000,
  });
  expect(ran.stderr).toBe("");
  const [{ guarantees }] = JSON.parse(ran.stdout).subjects;
  const states = guarantees.map(({ state }: { state: string }) => state);
  expect({ code: ran.code, states: new Set(states) }).toEqual({ code: 0, states: new Set(["held", "not-provided"]) });
  // One attack kills all of cupel, and then the image stays.
  expect([[], ["cupel"]]).toContainEqual([...(await docker.images())]);
});

test("another process of the same user that comes to the gate first is given nothing, and holds nobody up", async () => {
  using state = makeTempDir({ owner: ordinaryCaller });
  const inNamespaces = ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child"];
  const words = [...ordinaryCaller.prefix, ...inNamespaces, ...intrude(state.at("state"))];
  await using other = start(words, { env: cupel.environment(ordinaryCaller) });
  await other.wrote("ready");
  const env = { ...docker.env, XDG_STATE_HOME: state.at("state") };
  const ran = await cupel.run(ordinaryCaller, [...inDocker, "--", "echo", "ran"], { env });
  expect(ran).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  expect(new Set(other.stdout().split("\n"))).toEqual(new Set(["ready", "come", ""]));
});

rootCallers.forEach((root) =>
  test("root's jobs are refused, with the reason", async () => {
    const ran = await cupel.run(root, [...inDocker, "--", "true"], { env: docker.env });
    expect(ran.code).toBe(125);
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("Docker cannot run a job of root's");
  }),
);
