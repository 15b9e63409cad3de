/** What the tests of jobs in containers have in common, whichever engine makes them (Docker, Podman). */
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { startDocker, type DockerEngine } from "./container-engines.ts";
import { execute, type Ran, type Running } from "./execute.ts";
import { childrenOf, findProcesses, freshMark, readIfThere, statusField } from "./processes.ts";
import type { InstalledCupel } from "./run-cli.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import { ordinaryCaller, type Caller } from "./tester.ts";
import { until } from "./until.ts";

/** A process's command line; nothing of what is gone. */
export function wordsOf(pid: number): string[] {
  return readIfThere(`/proc/${pid}/cmdline`).split("\0");
}

/** A process's name (proc_pid_comm(5)); empty of what is gone. */
export function nameOf(pid: number): string {
  return readIfThere(`/proc/${pid}/comm`).trim();
}

/** Whether it is the job `sleep MARK`, and no process that only has it among its words. */
export function isJob(pid: number, mark: string): boolean {
  const [program, argument] = wordsOf(pid);
  return program === "sleep" && argument === mark;
}

/** The processes of jobs `sleep MARK`. */
export function findJobs(mark: string): number[] {
  return findProcesses(mark).flatMap(({ pid }) => (isJob(pid, mark) ? [pid] : []));
}

/** What every engine's run has, from the outermost on. */
export interface ClientChain {
  readonly cupel: number;
  readonly launcher: number;
  readonly keeper: number;
  readonly client: number;
}

/** Those of the run of this process of cupel's; undefined while its engine's client (`docker run`, say) is not there. */
export function findClient(running: number, engine: string): ClientChain | undefined {
  const client = childrenOf(running).find((pid) => {
    const [program = "", ...rest] = wordsOf(pid);
    return program.endsWith(`/${engine}`) && rest.includes("run");
  });
  if (client === undefined) return undefined;
  const keeper = Number(statusField(client, "PPid"));
  return { cupel: running, launcher: Number(statusField(keeper, "PPid")), keeper, client };
}

/** What a run in Docker has besides; the shim is the daemon's. */
export interface DockerChain extends ClientChain {
  readonly shim: number;
  readonly first: number;
}

function findFirst(pid: number): { shim: number; first: number } | undefined {
  const parent = Number(statusField(pid, "PPid"));
  if (parent <= 1) return undefined;
  return nameOf(parent) === "containerd-shim" ? { shim: parent, first: pid } : findFirst(parent);
}

/** Once the job `sleep MARK` is there: it may be a trial's client that is there before. */
export function findDockerChain(running: number, mark: string): DockerChain | undefined {
  const [job] = findJobs(mark);
  const inside = job === undefined ? undefined : findFirst(job);
  const outside = findClient(running, "docker");
  return inside === undefined || outside === undefined ? undefined : { ...outside, ...inside };
}

/** What of an engine's work is left where the caller keeps its state. */
export function placesIn(state: TempDir): string[] {
  const made = readdirSync(state.path, { recursive: true, encoding: "utf8" });
  return made.filter((name) => /layers\/running-[^/]+$/.test(name));
}

/** A program that stands for an engine's client. */
export interface Impostor {
  /** Its name, and the path of the one that it stands for, which does what is not the job's. */
  readonly engine: string;
  readonly real: string;
  /** A shell's condition: whether it is called for a job, and not by a probe. */
  readonly isForJob: string;
  /** What it does for a job: lines of a shell's. */
  readonly script: string;
}

/** A directory of the caller's with an impostor in it; `env` has it found first, and the state kept there. */
export function placeImpostor(
  caller: Caller,
  { engine, real, isForJob, script }: Impostor,
): { readonly directory: TempDir; readonly env: Readonly<Record<string, string>> } {
  const directory = makeTempDir({ owner: caller, mode: 0o755 });
  directory.file(engine, `#!/bin/sh\nif ${isForJob}; then :; else exec ${real} "$@"; fi\n${script}\n`, 0o755);
  const env = { PATH: `${directory.path}:/usr/bin:/usr/sbin:/bin`, XDG_STATE_HOME: directory.at("state") };
  return { directory, env };
}

const exchange = `import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
while os.getppid() == parent:
    for seconds in (0.2, 0.05):
        time.sleep(seconds)
        libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)`;

/**
 * What an ordinary user's jobs read at a path that is granted to them, line by line, while it is exchanged again and again,
 * for a moment, with a link that leads elsewhere: "own", or what was not granted. Some of them fail.
 */
export async function readExchanged(
  cupel: InstalledCupel,
  strategy: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  using directory = makeTempDir({ owner: ordinaryCaller, mode: 0o755 });
  directory.file("own/file", "own\n");
  directory.file("other/file", "not granted\n");
  const script = `ln -s other link
python3 -c '${exchange}' own link &
for each in 1 2 3 4 5 6 7 8 9 10; do
  "$CUPEL" run --strategy ${strategy} --workspace none --read "$PWD/own" -- cat "$PWD/own/file" 2>/dev/null
done
kill $!`;
  const { stdout } = await cupel.shell(ordinaryCaller, script, { cwd: directory.path, env, deadlineMs: 60_000 });
  return stdout.split("\n").filter((line) => line !== "");
}

/** What `find` gives of a job once it is there. @throws Error with what its run said, where that ends before. */
export async function seeJob<T>(
  running: Running,
  mark: string,
  find: (running: number, mark: string) => T | undefined,
): Promise<T> {
  let end: Ran | undefined;
  void running.ended.then((ran) => (end = ran));
  const look = (): T | undefined => {
    if (end !== undefined) throw new Error(`the job's run ended with ${end.code}: ${end.stderr}`);
    return find(running.pid, mark);
  };
  // A daemon with much to do takes its time.
  return until("the job is seen", look, 60_000);
}

/**
 * What another process of the same ordinary user finds of a running job's secret behind all descriptors of files in memory
 * that it can open, as grep(1) says it; `isThere` says whether the job is, by the number of cupel's process and its mark.
 */
export async function lookForSecret(
  cupel: InstalledCupel,
  words: readonly string[],
  isThere: (running: number, mark: string) => unknown,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  using directory = makeTempDir({ owner: ordinaryCaller });
  const mark = freshMark();
  const value = `very-secret-${mark}`;
  const secret = ["--secret", `TOKEN=file:${directory.file("token", value, 0o600)}`];
  await using running = cupel.start(ordinaryCaller, [...words, ...secret, "--", "sleep", mark], { env });
  await seeJob(running, mark, isThere);
  const files = "case $(readlink $fd) in /memfd:*) head -c 1000000 $fd 2>/dev/null;; esac";
  const look = `for fd in /proc/[0-9]*/fd/*; do ${files}; done | tr -d '\\0' | grep -ao '${value}'`;
  const ran = await cupel.outside(ordinaryCaller, ["sh", "-c", look]);
  running.kill("SIGTERM");
  await running.ended;
  return ran;
}

const intruder = `import glob, socket, sys, time
held = []
def say(word):
    print(word, flush=True)
def is_done(one):
    try:
        content, descriptors, *_ = one.recvmsg(4096, socket.CMSG_SPACE(256))
    except BlockingIOError:
        return False
    except OSError:
        return True
    if content or descriptors:
        say("given")
    return not (content or descriptors)
say("ready")
while True:
    for path in glob.glob(sys.argv[1] + "/cupel/layers/*/gate/socket"):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        one.setblocking(False)
        try:
            one.connect(path)
        except OSError:
            continue
        if not held:
            say("come")
        held.append(one)
    held = [one for one in held if not is_done(one)]
    time.sleep(0.001)`;

/**
 * Words of a program that comes to every gate below a state directory as soon as it is open, and stays there: it says
 * "ready" when it looks for them, "come" when it has come to one, and "given" when it was given anything.
 */
export function intrude(state: string): string[] {
  return ["python3", "-c", intruder, state];
}

/** What a daemon keeps for anybody: images by their names; mounts as lines of proc_pid_mountinfo(5). */
export interface Kept {
  readonly images: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly mounts: readonly string[];
}

/** A Docker daemon that every user of this machine may speak to. */
export interface OpenDaemon extends DockerEngine {
  readonly pid: number;
  /** What it keeps once it has no container any more; cupel's images are taken away then, for the next one who asks. */
  kept(): Promise<Kept>;
}

/** Starts one, with these flags. */
export async function startOpenDaemon(flags: readonly string[] = []): Promise<OpenDaemon> {
  const engine = await startDocker("/usr", flags);
  const socket = engine.env.DOCKER_HOST.replace("unix://", "");
  const directory = dirname(socket);
  chmodSync(socket, 0o666);
  const pid = Number(readFileSync(`${directory}/pid`, "utf8"));
  const ask = async (...words: readonly string[]): Promise<string[]> => {
    const { stdout } = await execute(["docker", "--host", engine.env.DOCKER_HOST, ...words]);
    return stdout.split("\n").filter((line) => line !== "");
  };
  const kept = async (): Promise<Kept> => {
    await until("the containers are gone", async () => (await ask("ps", "--all", "--quiet")).length === 0);
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
    const found = {
      images: await ask("image", "ls", "--all", "--format", "{{.Repository}}"),
      volumes: await ask("volume", "ls", "--quiet"),
      networks: await ask("network", "ls", "--format", "{{.Name}}"),
      mounts: mounts.filter((line) => line.includes(`${directory}/data/`)),
    };
    for (const id of await ask("image", "ls", "--quiet", "cupel")) await ask("image", "rm", "--force", id);
    return found;
  };
  return { ...engine, pid, kept };
}

/** Takes away what a daemon that was killed leaves of a container: its shim, and control groups, which are empty. */
export async function endShim(shim: number): Promise<void> {
  const id = /\0-id\0(\w+)\0/.exec(wordsOf(shim).join("\0"))?.[1];
  if (id === undefined) return;
  process.kill(shim, "SIGKILL");
  await execute(["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-name", id, "-exec", "rmdir", "{}", ";"]);
}

/** A run that speaks to a daemon which says nothing more, but did when the host was measured. */
export interface HangingRun extends AsyncDisposable {
  readonly ended: Promise<Ran>;
  /** What of it is left where the caller keeps its state. */
  places(): string[];
}

/** Starts one, of an ordinary user's. @throws where the first run, with which the host is measured, fails. */
export async function startHangingRun(cupel: InstalledCupel, words: readonly string[]): Promise<HangingRun> {
  const daemon = await startOpenDaemon();
  const state = makeTempDir({ owner: ordinaryCaller });
  const env = { ...daemon.env, XDG_STATE_HOME: state.at("state") };
  const first = await cupel.run(ordinaryCaller, words, { env });
  if (first.code !== 0) throw new Error(first.stderr);
  process.kill(daemon.pid, "SIGSTOP");
  const running = cupel.start(ordinaryCaller, words, { env });
  return {
    ended: running.ended,
    places: () => placesIn(state),
    [Symbol.asyncDispose]: async () => {
      process.kill(daemon.pid, "SIGCONT");
      await running[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      state[Symbol.dispose]();
    },
  };
}
