/** Jobs in a container of Podman's: what only they can meet. The suites of sandboxes run in it too: scripts/check/strategy-suites.ts. */
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import {
  findClient,
  findJobs,
  isJob,
  lookForSecret,
  seeJob,
  nameOf,
  placeImpostor,
  placesIn,
  readExchanged,
  type ClientChain,
} from "../support/engine-jobs.ts";
import { childrenOf, findProcesses, freshMark } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inPodman = ["run", "--strategy", "podman", "--workspace", "none"];

/** What a podman does that is the real one for whoever only asks it, and something else when a job is to be run. */
const impostors = {
  "that isolates nothing": [
    "exec 2>/dev/null; exec /proc/self/fd/11 container",
    "not the first process of a PID namespace",
  ],
  "that ends without a word": ["exit 0", "the program that makes the sandbox exited with 0, and said nothing"],
  "that fails with a word": [
    "echo 'first line' >&2; echo 'Error: no such luck' >&2; exit 125",
    "the program that makes the sandbox exited with 125: Error: no such luck",
  ],
  "that never comes to an end": ["exec sleep 60", "timeout"],
} as const;

function callWith(caller: Caller, script: string) {
  const isForJob = 'case " $* " in *" container "*) [ -n "$CONTAINERS_STORAGE_CONF" ] ;; *) false ;; esac';
  const { directory, env } = placeImpostor(caller, { engine: "podman", real: "/usr/bin/podman", isForJob, script });
  return { directory, run: (...words: readonly string[]) => cupel.run(caller, [...inPodman, "--", ...words], { env }) };
}

/** The processes of one run, from the outermost on. */
interface Chain extends ClientChain {
  readonly conmon: number;
  readonly first: number;
}

/** Once the job is there: it may be a trial's conmon that is there before. */
function findChain(running: number, mark: string): Chain | undefined {
  const conmon = childrenOf(running).find(
    (pid) => nameOf(pid) === "conmon" && childrenOf(pid).some((below) => isJob(below, mark)),
  );
  const found = findClient(running, "podman");
  if (conmon === undefined || found === undefined) return undefined;
  const [first] = childrenOf(conmon);
  return first === undefined ? undefined : { ...found, conmon, first };
}

describe.each(callers)("called by $name", (caller) => {
  test.each(Object.entries(impostors))("a podman %s is found out, and nothing runs in it", async (_name, given) => {
    const [script, why] = given;
    const { directory, run } = callWith(caller, script);
    using _directory = directory;
    const { code, stdout, stderr } = await run("true");
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    const said = stderr.replaceAll(/\s+/g, " ");
    expect(said).toContain("Cause: podman has not passed its trial: ");
    expect(said).toContain(why);
    expect(placesIn(directory)).toEqual([]);
  });

  test("a job has streams, exit code, identity and a root of its own, and leaves nothing", async () => {
    using state = makeTempDir({ owner: caller });
    const device = statSync("/dev/null").uid;
    const script = "cat; echo error >&2; id -un; ls /; exit 7";
    const env = { XDG_STATE_HOME: state.at("state") };
    const ran = await cupel.run(caller, [...inPodman, "--", "sh", "-c", script], { env, stdin: "from the caller\n" });
    expect(ran).toMatchObject({ code: 7, stderr: "error\n" });
    expect(ran.stdout.split("\n").slice(0, 4)).toEqual(["from the caller", "job", "bin", "dev"]);
    expect(placesIn(state)).toEqual([]);
    // A runtime makes the input of its container the container's (crun, runsc).
    expect(statSync("/dev/null").uid).toBe(device);
  });

  test("a secret is a file of the job's alone, which is on no disk", async () => {
    using directory = makeTempDir({ owner: caller });
    const token = directory.file("token", "very-secret\n", 0o600);
    const script =
      "stat -c '%a %U %n' /run/secrets /run/secrets/*; cat /run/secrets/TOKEN; findmnt -no FSTYPE /run/secrets";
    const words = ["--secret", `TOKEN=file:${token}`, "--", "sh", "-c", script];
    const ran = await cupel.run(caller, [...inPodman, ...words]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toBe("500 job /run/secrets\n400 job /run/secrets/TOKEN\nvery-secret\ntmpfs\n");
  });

  describe.each(["cupel", "launcher", "keeper", "client", "first"] as const)("kill -9 of its %s", (victim) => {
    test("ends the job and all that made it", async () => {
      const mark = freshMark();
      using state = makeTempDir({ owner: caller });
      const env = { XDG_STATE_HOME: state.at("state") };
      await using running = cupel.start(caller, [...inPodman, "--", "sleep", mark], { env });
      const chain = await seeJob(running, mark, findChain);
      expect(new Set(Object.values(chain)).size).toBe(6);
      const all = childrenOf(chain.launcher);
      process.kill(chain[victim], "SIGKILL");
      await until("the job is gone", () => findJobs(mark).length === 0);
      await until("all of them are gone", () => !all.some((pid) => /^(?:podman|conmon|cupel)/.test(nameOf(pid))));
      // What it could not take away itself the next one does.
      expect((await cupel.run(caller, [...inPodman, "--", "true"], { env })).code).toBe(0);
      expect(placesIn(state)).toEqual([]);
    });
  });

  test.each([
    ["stopped client", "client", "SIGSTOP"],
    ["stopped conmon", "conmon", "SIGSTOP"],
    ["killed conmon", "conmon", "SIGKILL"],
  ] as const)("a %s holds nobody up: the job ends, and is told of", async (_name, victim, signal) => {
    const mark = freshMark();
    const words = [...inPodman, "--", "sh", "-c", `sleep ${mark} & wait; echo ended; exit 5`];
    await using running = cupel.start(caller, words);
    const chain = await seeJob(running, mark, findChain);
    process.kill(chain[victim], signal);
    for (const pid of findJobs(mark)) process.kill(pid, "SIGTERM");
    expect(await running.ended).toMatchObject({ code: 5, stdout: "ended\n" });
  });

  test("a deadline ends a job with all that made it", async () => {
    const mark = freshMark();
    const ran = await cupel.run(caller, [...inPodman, "--timeout", "1s", "--", "sleep", mark]);
    expect(ran).toMatchObject({ code: 124, stdout: "" });
    expect(findProcesses(mark)).toEqual([]);
  });

  test("a batch is refused, and what cannot be watched", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("jobs.jsonl", '{"command": ["true"]}\n');
    expect(await cupel.run(caller, ["run", "--strategy", "podman", "--batch", path])).toMatchObject({
      code: 125,
      stdout: "",
      stderr: "cupel: podman makes one sandbox at a time; run these jobs one by one, without --batch\n",
    });
    const watched = await cupel.run(caller, [...inPodman, "--explain-denials", "--", "cat", "/etc/shadow"]);
    const said = watched.stderr.replaceAll(/\s+/g, " ");
    if (caller.uid === 0) expect(said).toContain("read /etc/shadow (openat: ENOENT)");
    else expect(said).toContain("newuidmap, which Podman maps ids with, has no rights of root's then; leave it out");
    expect(watched.code).toBe(caller.uid === 0 ? 1 : 125);
  });
});

/** What a host has for all of its containers is none of a job's. */
const hostile = usePrivatePlaces([
  "for place in /etc/containers /usr/share/containers; do mkdir -p $place && mount -t tmpfs none $place; done",
  "mkdir -p /usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d /etc/containers/secret",
  "echo of-the-host >/etc/containers/secret/key",
  "echo /etc/containers/secret:/run/secrets >/etc/containers/mounts.conf",
  `echo '{"version":"1.0.0","hook":{"path":"/usr/bin/touch","args":["touch","/var/tmp/hook-was-run"]},"when":{"always":true},"stages":["createRuntime"]}' >/usr/share/containers/oci/hooks.d/a.json`,
  "cp /usr/share/containers/oci/hooks.d/a.json /etc/containers/oci/hooks.d/",
  `printf '[containers]\\nenv = ["HOSTILE=1"]\\nvolumes = ["/etc/containers:/hostile"]\\n' >/etc/containers/containers.conf`,
  "chmod -R a+rX /etc/containers /usr/share/containers",
]);

rootCallers.forEach(() =>
  test.each(callers)("$name's jobs have nothing that the host has for all containers", async (caller) => {
    using state = makeTempDir({ owner: caller });
    const script = "ls -d /run/secrets /hostile /var/tmp/hook-was-run 2>/dev/null; env | grep HOSTILE; echo end";
    const env = { XDG_STATE_HOME: state.at("state") };
    const ran = await cupel.run(hostile(caller, "/"), [...inPodman, "--", "sh", "-c", script], { env });
    expect(ran).toMatchObject({ code: 0, stdout: "end\n", stderr: "" });
    const left = await cupel.outside(hostile(caller, "/"), ["ls", "/var/tmp"]);
    expect(left).toMatchObject({ code: 0, stdout: "" });
  }),
);

/** Mounts below what is granted: a device of theirs would be one, and what they cover would be the job's. */
const mounted = usePrivatePlaces([
  "mkdir -p /var/tmp/granted/below /var/tmp/granted/closed",
  "echo covered >/var/tmp/granted/below/covered",
  "mount -t tmpfs none /var/tmp/granted/below",
  "echo above >/var/tmp/granted/below/above",
  "mknod -m 666 /var/tmp/granted/below/zero c 1 5",
  "mkdir /var/tmp/granted/closed/disk && mount -t tmpfs none /var/tmp/granted/closed/disk && chmod 700 /var/tmp/granted/closed",
  "chmod 777 /var/tmp/granted /var/tmp/granted/below",
]);

rootCallers.forEach(() =>
  describe.each(callers)("mounts below what $name grants", (caller) => {
    test.each(["--read", "--write"])("are those of the host, and safe (%s)", async (flag) => {
      using state = makeTempDir({ owner: caller });
      const env = { XDG_STATE_HOME: state.at("state") };
      const script = [
        "cd /var/tmp/granted/below; ls",
        "head -c 1 zero >/dev/null 2>&1 && echo device",
        "touch made 2>/dev/null && echo made && rm made",
        "echo end",
      ].join("\n");
      const words = [...inPodman, flag, "/var/tmp/granted", "--", "sh", "-c", script];
      const ran = await cupel.run(mounted(caller, "/"), words, { env });
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      expect(ran.stdout).toBe(flag === "--read" ? "above\nzero\nend\n" : "above\nzero\nmade\nend\n");
    });
  }),
);

test("a path that has become a link since it was granted is not followed", async () => {
  const lines = await readExchanged(cupel, "podman");
  // It may have been a link when it was granted: then what that leads to was.
  expect(lines).not.toEqual([]);
  expect(lines.filter((line) => line !== "own")).toEqual([]);
});

test("while it runs, nobody else of the same user finds a job's secrets behind a descriptor", async () => {
  expect(await lookForSecret(cupel, inPodman, findChain)).toMatchObject({ code: 1, stdout: "" });
});
