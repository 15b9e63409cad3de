/** Docker and Podman as a test's own: a daemon, storage and control groups that nobody else sees, gone afterwards. */
import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { execute, start, type Ran, type Running } from "./execute.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

/** An engine that starts containers with this machine's own programs in them. */
export interface ContainerEngine extends AsyncDisposable {
  /** Runs words in a fresh container, with these flags for the engine; `directory` is where a flag's file is looked for. */
  run(flags: readonly string[], words: readonly string[], directory: string): Promise<Ran>;
  /** Words that run what stands behind them in a fresh container with next to nothing in it, as the engine would by itself. */
  bare(flags: readonly string[]): string[];
}

const controlGroupParent = `cupel-test-${process.pid}`;

/** What every container gets: this machine's /usr, and the directory that the probes are in. */
function shared(stage: string): string[] {
  return ["--network=none", "--volume", "/usr:/usr:ro", "--volume", `${stage}:${stage}`, "--workdir", "/"];
}

/** What an image was built of, and what a command said in a container of it. */
export interface BuiltImage {
  readonly built: Ran;
  readonly said: Ran;
}

/**
 * Builds an image with Podman on top of this root, which stands for the image that the Dockerfile begins with, and runs
 * words in it. Everything is gone afterwards.
 */
export async function buildImage(dockerfile: string, root: string, words: readonly string[]): Promise<BuiltImage> {
  using directory = makeTempDir({ parent: "/var/tmp" });
  const store = [...storeIn(directory), "--cgroup-manager=cgroupfs"];
  const base = /^FROM (\S+)$/m.exec(dockerfile)?.[1] ?? "none";
  const limits = ["--network=host", "--ulimit=nproc=1000:1000", "--ulimit=nofile=1024:1024"];
  const file = directory.file("context/Dockerfile", dockerfile);
  try {
    const imported = await execute(["sh", "-c", importRoot, "sh", root, `docker.io/library/${base}`, ...store]);
    if (imported.code !== 0) throw new Error(`podman import: ${imported.stderr}`);
    const build = ["build", "--pull=never", "--tag=built", ...limits, "--file", file, directory.at("context")];
    const built = await execute([...withoutUnified, "podman", ...store, ...build], { deadlineMs: 60_000 });
    const run = ["run", "--rm", "--pull=never", "--cgroups=disabled", ...limits, "built", ...words];
    const said = await execute([...withoutUnified, "podman", ...store, ...run]);
    return { built, said };
  } finally {
    await execute(["podman", ...store, "system", "reset", "--force"]);
  }
}

const importRoot = 'root=$1 name=$2; shift 2; tar -C "$root" -c . | podman "$@" import - "$name"';

/** A root of links into /usr, as merged distributions have it. */
function makeRoot(directory: TempDir): string {
  const root = directory.folder("root");
  const links = ["bin", "lib", "lib64", "sbin"].map((name) => `ln -s usr/${name} ${root}/${name}`);
  const made = Bun.spawnSync(["sh", "-c", `mkdir ${root}/usr ${root}/tmp ${root}/etc && ${links.join(" && ")}`]);
  if (!made.success) throw new Error(made.stderr.toString());
  return root;
}

/** A daemon, and what its client finds it by. */
export interface DockerEngine extends ContainerEngine {
  readonly env: { readonly DOCKER_HOST: string };
}

/** Starts a Docker daemon, with these flags. Its mounts are in a namespace of its own, so that none is left behind. */
export async function startDocker(stage: string, daemonFlags: readonly string[] = []): Promise<DockerEngine> {
  const directory = makeTempDir({ parent: "/var/tmp" });
  const root = makeRoot(directory);
  const socket = `unix://${directory.at("socket")}`;
  const [data, exec, pid] = ["data", "exec", "pid"].map((name) => directory.at(name));
  const places = `--host ${socket} --pidfile ${pid} --data-root ${data} --exec-root ${exec} --storage-driver=vfs`;
  const limits = `--bridge=none --iptables=false --cgroup-parent=/${controlGroupParent} --log-level=error`;
  const daemon = start(
    `unshare --mount --propagation private dockerd ${places} ${limits}`.split(" ").concat(daemonFlags),
  );
  const docker = (words: readonly string[], cwd = "/"): Promise<Ran> =>
    execute(["docker", "--host", socket, ...words], { cwd });
  await until("the Docker daemon answers", async () => (await docker(["version"])).code === 0);
  const imported = await execute(["sh", "-c", `tar -C ${root} -c . | docker --host ${socket} import - tiny`]);
  if (imported.code !== 0) throw new Error(`docker import: ${imported.stderr}`);
  return {
    run: (flags, words, cwd) => docker(["run", "--rm", ...shared(stage), ...flags, "tiny", ...words], cwd),
    env: { DOCKER_HOST: socket },
    bare: (flags) => ["docker", "--host", socket, "run", "--rm", "--interactive", ...flags, "tiny"],
    [Symbol.asyncDispose]: async () => {
      await stop(daemon);
      removeControlGroups();
      directory[Symbol.dispose]();
    },
  };
}

/** SIGTERM first: the daemon ends its own children. */
async function stop(daemon: Running): Promise<void> {
  daemon.kill("SIGTERM");
  await daemon.ended;
  await daemon[Symbol.asyncDispose]();
}

function removeControlGroups(): void {
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    try {
      rmdirSync(join("/sys/fs/cgroup", hierarchy, controlGroupParent));
    } catch {
      // Most hierarchies have none.
    }
  }
}

/** Words in front of Podman, whose runtime knows no hybrid control groups: version 2 is taken out of its sight. */
const withoutUnified = [
  "unshare",
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-c",
  'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec "$@"',
  "podman",
];

/** Images and containers of a test's own. */
function storeIn(directory: TempDir): string[] {
  return ["--root", directory.at("store"), "--runroot", directory.at("run"), "--storage-driver=vfs"];
}

/**
 * Podman, where no daemon is needed. It makes no control groups, and may raise no limit above what holds here.
 */
export function usePodman(stage: string): ContainerEngine {
  const directory = makeTempDir({ parent: "/var/tmp" });
  const root = makeRoot(directory);
  const store = storeIn(directory);
  const limits = "--cgroups=disabled --ulimit=nproc=1000:1000 --ulimit=nofile=1024:1024";
  const command = `podman ${store.join(" ")} --cgroup-manager=cgroupfs run --rm ${limits}`;
  return {
    run: (flags, words, cwd) => {
      const rest = [...shared(stage), ...flags, "--rootfs", root, ...words];
      return execute([...withoutUnified, ...command.split(" "), ...rest], { cwd });
    },
    bare: (flags) => [...withoutUnified, ...command.split(" "), "--interactive", ...flags, "--rootfs", `${root}:O`],
    [Symbol.asyncDispose]: async () => {
      await execute(["podman", ...store, "system", "reset", "--force"]);
      directory[Symbol.dispose]();
    },
  };
}
