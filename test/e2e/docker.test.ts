/** Jobs in a container of Docker's: what only they can meet. The suites of sandboxes run in it too: scripts/check/strategy-suites.ts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import {
  endShim,
  findDockerChain,
  findJobs,
  intrude,
  lookForSecret,
  placeImpostor,
  placesIn,
  readExchanged,
  seeJob,
  startHangingRun,
  startOpenDaemon,
} from "../support/engine-jobs.ts";
import type { HangingRun, OpenDaemon } from "../support/engine-jobs.ts";
import { execute, start } from "../support/execute.ts";
import { childrenOf, findProcesses, freshMark, isAlive } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inDocker = ["run", "--strategy", "docker", "--workspace", "none"];

let docker: OpenDaemon;
/** Under way while all others are. */
let hanging: HangingRun;
beforeAll(async () => {
  docker = await startOpenDaemon();
  hanging = await startHangingRun(cupel, [...inDocker, "--", "true"]);
});
afterAll(async () => {
  await hanging[Symbol.asyncDispose]();
  await docker[Symbol.asyncDispose]();
});

/** State of its own, where the jobs have left something or are to find nothing. */
function envWith(state: TempDir, { env }: OpenDaemon = docker): Record<string, string> {
  return { ...env, XDG_STATE_HOME: state.at("state") };
}

const nothingKept = { images: ["tiny"], volumes: [], networks: ["host", "none"], mounts: [] };

const maker = "the program that makes the sandbox";

/** A shell's words that are the real client's but for one. */
function withWord(pattern: string, instead: string): string {
  const exchange = `for word; do shift; case $word in ${pattern}) word=${instead} ;; esac; set -- "$@" "$word"; done`;
  return `${exchange}; exec docker "$@"`;
}

/** What a docker does that is the real one for whoever only asks it, and something else when a job is to be run. */
const impostors = {
  "that isolates nothing": [
    withWord("--ipc=private", "--pid=host"),
    `${maker} exited with 64: cupel's launcher is not the first process of a container`,
  ],
  "that leaves the network": [withWord("--network=none", "--network=host"), "net.none is declared, but"],
  "that gives other ids": [
    withWord("--user=*", "--user=12345:12345"),
    "set-up failed at maker (the daemon gives its containers other ids than those that it is told of): EPERM",
  ],
} as const;

/** What a client says last of is where to read about it. */
function failingWith(hint: string): [script: string, why: string] {
  const said = "docker: Error response from daemon: no such luck.";
  const script = `printf "${said}${hint}\\n" >&2; exit 125`;
  return [script, `${maker} exited with 125: ${said}`];
}

/** Those that run nothing. */
const idle = {
  "that ends without a word": ["exit 0", `${maker} exited with 0, and said nothing`],
  "that fails with words": failingWith("\\n\\nRun 'docker run --help' for more information"),
  "that fails with an older one's words": failingWith("\\nSee 'docker run --help'."),
  "that never comes to an end": ["exec sleep 60", "timeout"],
} as const;

async function findOut(caller: Caller, [script, why]: readonly [string, string]): Promise<void> {
  const isForJob = 'case " $* " in *" /.cupel/launcher gate "*) ;; *) false ;; esac';
  const real = Bun.which("docker") ?? "docker";
  const { directory, env } = placeImpostor(caller, { engine: "docker", real, isForJob, script });
  using _directory = directory;
  const ran = await cupel.run(caller, [...inDocker, "--", "true"], { env: { ...docker.env, ...env } });
  expect(ran).toMatchObject({ code: 125, stdout: "" });
  expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain(`Cause: docker has not passed its trial: ${why}`);
  expect(placesIn(directory)).toEqual([]);
}

describe.each(callers)("called by $name", (caller) => {
  test.each(Object.entries(impostors))("a docker %s is found out, and nothing runs in it", async (_name, told) => {
    await findOut(caller, told);
    expect(await docker.kept()).toEqual(nothingKept);
  });

  test("a job has streams, exit code, identity and a root of its own, and leaves nothing", async () => {
    using state = makeTempDir({ owner: caller });
    const words = [...inDocker, "--", "sh", "-c", "cat; echo error >&2; id -un; ls /; exit 7"];
    const ran = await cupel.run(caller, words, { env: envWith(state), stdin: "from the caller\n" });
    expect(ran).toMatchObject({ code: 7, stderr: "error\n" });
    expect(ran.stdout.split("\n").slice(0, 4)).toEqual(["from the caller", "job", "bin", "dev"]);
    expect(ran.stdout).not.toContain(".dockerenv");
    expect(placesIn(state)).toEqual([]);
    expect(await docker.kept()).toEqual(nothingKept);
  });

  test("a secret is a file of the job's alone, which is on no disk", async () => {
    using directory = makeTempDir({ owner: caller });
    const token = directory.file("token", "very-secret\n", 0o600);
    const script =
      "stat -c '%a %U %n' /run/secrets /run/secrets/*; cat /run/secrets/TOKEN; findmnt -no FSTYPE /run/secrets";
    const words = [...inDocker, "--secret", `TOKEN=file:${token}`, "--", "sh", "-c", script];
    const ran = await cupel.run(caller, words, { env: docker.env });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toBe("500 job /run/secrets\n400 job /run/secrets/TOKEN\nvery-secret\ntmpfs\n");
  });

  test("what is written where that was granted is the job's inside, and the caller's outside", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o700 });
    const script = 'cd "$0" && echo content >made && stat -c %U . made';
    const words = [...inDocker, "--write", directory.path, "--", "sh", "-c", script, directory.path];
    expect(await cupel.run(caller, words, { env: docker.env })).toMatchObject({ code: 0, stdout: "job\njob\n" });
    const { uid, gid } = statSync(directory.at("made"));
    expect({ uid, gid }).toEqual({ uid: caller.uid, gid: caller.gid });
  });

  test("what the client has for all containers is none of a job's", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("config.json", '{"proxies": {"default": {"httpProxy": "http://hostile.invalid:1"}}}');
    const env = { ...envWith(directory), DOCKER_CONFIG: directory.path };
    const ran = await cupel.run(caller, [...inDocker, "--", "env"], { env });
    expect({ code: ran.code, found: /hostile/.test(ran.stdout) }).toEqual({ code: 0, found: false });
  });

  describe.each(["cupel", "launcher", "keeper", "client", "shim", "first"] as const)("kill -9 of its %s", (victim) => {
    test("ends the job and all that made it", async () => {
      const mark = freshMark();
      await using running = cupel.start(caller, [...inDocker, "--", "sleep", mark], { env: docker.env });
      const chain = await seeJob(running, mark, findDockerChain);
      expect(new Set(Object.values(chain)).size).toBe(6);
      const all = [...childrenOf(chain.cupel), ...childrenOf(chain.shim), chain.shim];
      process.kill(chain[victim], "SIGKILL");
      await until("the job is gone", () => findJobs(mark).length === 0);
      await until("all of them are gone", () => !all.some(isAlive));
      // What it could not take away itself the next one does.
      expect((await cupel.run(caller, [...inDocker, "--", "true"], { env: docker.env })).code).toBe(0);
      expect(cupel.layers(caller)).toEqual([]);
      expect(await docker.kept()).toEqual(nothingKept);
    });
  });

  test("a deadline ends a job with all that made it", async () => {
    const mark = freshMark();
    const words = [...inDocker, "--timeout", "1s", "--", "sleep", mark];
    expect(await cupel.run(caller, words, { env: docker.env })).toMatchObject({ code: 124, stdout: "" });
    expect(findProcesses(mark)).toEqual([]);
    expect(await docker.kept()).toEqual(nothingKept);
  });

  test("a batch is refused", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("jobs.jsonl", '{"command": ["true"]}\n');
    const words = ["run", "--strategy", "docker", "--batch", path];
    expect(await cupel.run(caller, words, { env: docker.env })).toMatchObject({
      code: 125,
      stdout: "",
      stderr: "cupel: docker makes one sandbox at a time; run these jobs one by one, without --batch\n",
    });
  });
});

/** Mounts below what is granted, where the daemon sees them: a device of theirs would be one, and what they cover the job's. */
const mountsBelow = `cd "$0" && mkdir below closed && echo covered >below/covered && mount -t tmpfs none below &&
echo above >below/above && mknod -m 666 below/zero c 1 5 && mknod -m 666 below/fuse c 10 229 &&
mkdir closed/disk && mount -t tmpfs none closed/disk && chmod 700 closed && chmod 777 below`;

const openDevices = 'cd "$0/below" && for one in fuse zero; do (: <$one) 2>/dev/null && echo $one; done; true';

rootCallers.forEach(() =>
  describe.each(callers)("mounts below what $name grants", (caller) => {
    test.each(["--read", "--write"])("are those of the host, and safe (%s)", async (flag) => {
      using granted = makeTempDir({ mode: 0o777 });
      const beside = ["nsenter", `--mount=/proc/${docker.pid}/ns/mnt`, "env", "-C", "/"];
      const there = { ...caller, prefix: [...beside, ...caller.prefix] };
      const made = await execute([...beside, "sh", "-c", mountsBelow, granted.path]);
      expect(made).toMatchObject({ code: 0, stderr: "" });
      const outside = await cupel.outside(there, ["sh", "-c", openDevices, granted.path]);
      expect(outside).toMatchObject({ code: 0, stdout: "fuse\nzero\n" });
      const script = `${openDevices}; ls; touch made 2>/dev/null && echo made && rm made; echo end`;
      const words = [...inDocker, flag, granted.path, "--", "sh", "-c", script, granted.path];
      const ran = await cupel.run(there, words, { env: docker.env });
      // The runtime lets every container open those that do no harm.
      const devices = caller.uid === 0 ? [] : ["zero"];
      const written = flag === "--read" ? [] : ["made"];
      const said = [...devices, "above", "fuse", "zero", ...written, "end"];
      expect(ran).toMatchObject({ code: 0, stdout: `${said.join("\n")}\n`, stderr: "" });
    });
  }),
);

test("while it runs, nobody else of the same user finds a job's secrets behind a descriptor", async () => {
  expect(await lookForSecret(cupel, inDocker, findDockerChain, docker.env)).toMatchObject({ code: 1, stdout: "" });
});

const inNamespaces = ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child"];

test.each([
  ...callers.map((caller) => [`${caller.name}'s`, caller, []] as const),
  [`${ordinaryCaller.name}'s, the first one of a namespace,`, ordinaryCaller, inNamespaces] as const,
])("another process of %s that comes to the gate first is given nothing, and holds nobody up", async (...given) => {
  const [, caller, prefix] = given;
  using state = makeTempDir({ owner: caller });
  const words = [...caller.prefix, ...prefix, ...intrude(state.at("state"))];
  await using other = start(words, { env: cupel.environment(caller) });
  await other.wrote("ready");
  const ran = await cupel.run(caller, [...inDocker, "--", "echo", "ran"], { env: envWith(state) });
  expect(ran).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  expect(new Set(other.stdout().split("\n"))).toEqual(new Set(["ready", "come", ""]));
});

async function endDaemonUnderJob(caller: Caller, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const mark = freshMark();
  using state = makeTempDir({ owner: caller });
  await using daemon = await startOpenDaemon();
  const words = [...inDocker, "--", "sleep", mark];
  await using running = cupel.start(caller, words, { env: envWith(state, daemon) });
  const { shim } = await seeJob(running, mark, findDockerChain);
  process.kill(daemon.pid, signal);
  const stderr = "cupel: the sandbox's first process died (wait status 9)\n";
  expect(await running.ended).toMatchObject({ code: 125, stdout: "", stderr });
  expect(findProcesses(mark)).toEqual([]);
  expect(placesIn(state)).toEqual([]);
  await endShim(shim);
}

describe.each(callers)("a daemon that is killed, called by $name,", (caller) => {
  test("is told of by whoever comes later", async () => {
    using state = makeTempDir({ owner: caller });
    await using daemon = await startOpenDaemon();
    const env = envWith(state, daemon);
    expect((await cupel.run(caller, [...inDocker, "--", "true"], { env })).code).toBe(0);
    process.kill(daemon.pid, "SIGKILL");
    await until("it is gone", () => !isAlive(daemon.pid));
    const ran = await cupel.run(caller, [...inDocker, "--", "true"], { env });
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toContain(`${maker} exited with 1: Cannot connect to the Docker daemon`);
    expect(placesIn(state)).toEqual([]);
  });

  test("ends the job that is under way", () => endDaemonUnderJob(caller, "SIGKILL"));
});

describe("what takes its time", () => {
  test.concurrent("a path that has become a link since it was granted is not followed", async () => {
    const lines = await readExchanged(cupel, "docker", docker.env);
    // It may have been a link when it was granted: then what that leads to was.
    expect(lines).not.toEqual([]);
    expect(lines.filter((line) => line !== "own")).toEqual([]);
  });

  test.concurrent("a daemon that ends ends the job that is under way", () =>
    endDaemonUnderJob(ordinaryCaller, "SIGTERM"),
  );

  test.concurrent.each([
    ["stopped client", "client", "SIGSTOP", ["5 ended"]],
    ["killed shim", "shim", "SIGKILL", ["5 ended", "125 ended", "125 "]],
  ] as const)("a %s holds nobody up: the job ends, and is told of", async (_name, victim, signal, ends) => {
    const mark = freshMark();
    const words = [...inDocker, "--", "sh", "-c", `sleep ${mark} & wait; echo ended; exit 5`];
    await using running = cupel.start(ordinaryCaller, words, { env: docker.env });
    const chain = await seeJob(running, mark, findDockerChain);
    process.kill(chain[victim], signal);
    for (const pid of findJobs(mark)) process.kill(pid, "SIGTERM");
    const { code, stdout } = await running.ended;
    expect<readonly string[]>(ends).toContain(`${code} ${stdout.trim()}`);
  });

  test.concurrent.each(Object.entries(idle))("a docker %s is found out", (_name, given) =>
    findOut(ordinaryCaller, given),
  );

  test("and nothing of it is left", async () => {
    expect(await docker.kept()).toEqual(nothingKept);
    expect(cupel.layers(ordinaryCaller)).toEqual([]);
  });
});

test("a daemon that hangs is given up", async () => {
  expect(await hanging.ended).toMatchObject({
    code: 125,
    stdout: "",
    stderr: `cupel: ${maker} had started no job within 30 s\n`,
  });
  expect(hanging.places()).toEqual([]);
});
