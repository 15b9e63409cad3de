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
}

const controlGroupParent = `cupel-test-${process.pid}`;

/** What every container gets: this machine's /usr, and the directory that the probes are in. */
function shared(stage: string): string[] {
  return ["--network=none", "--volume", "/usr:/usr:ro", "--volume", `${stage}:${stage}`, "--workdir", "/"];
}

/** A root of links into /usr, as merged distributions have it. */
function makeRoot(directory: TempDir): string {
  const root = directory.folder("root");
  const links = ["bin", "lib", "lib64", "sbin"].map((name) => `ln -s usr/${name} ${root}/${name}`);
  const made = Bun.spawnSync(["sh", "-c", `mkdir ${root}/usr ${root}/tmp ${root}/etc && ${links.join(" && ")}`]);
  if (!made.success) throw new Error(made.stderr.toString());
  return root;
}

/** Starts a Docker daemon. Its mounts are in a namespace of its own, so that none is left behind. */
export async function startDocker(stage: string): Promise<ContainerEngine> {
  const directory = makeTempDir({ parent: "/var/tmp" });
  const root = makeRoot(directory);
  const socket = `unix://${directory.at("socket")}`;
  const [data, exec, pid] = ["data", "exec", "pid"].map((name) => directory.at(name));
  const places = `--host ${socket} --pidfile ${pid} --data-root ${data} --exec-root ${exec} --storage-driver=vfs`;
  const limits = `--bridge=none --iptables=false --cgroup-parent=/${controlGroupParent} --log-level=error`;
  const daemon = start(`unshare --mount --propagation private dockerd ${places} ${limits}`.split(" "));
  const docker = (words: readonly string[], cwd = "/"): Promise<Ran> =>
    execute(["docker", "--host", socket, ...words], { cwd });
  await until("the Docker daemon answers", async () => (await docker(["version"])).code === 0);
  const imported = await execute(["sh", "-c", `tar -C ${root} -c . | docker --host ${socket} import - tiny`]);
  if (imported.code !== 0) throw new Error(`docker import: ${imported.stderr}`);
  return {
    run: (flags, words, cwd) => docker(["run", "--rm", ...shared(stage), ...flags, "tiny", ...words], cwd),
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

/**
 * Podman, where no daemon is needed. Its runtime knows no hybrid control groups, so that version 2 is taken out of its
 * sight and it makes none; and it may raise no limit above what holds here.
 */
export function usePodman(stage: string): ContainerEngine {
  const directory = makeTempDir({ parent: "/var/tmp" });
  const root = makeRoot(directory);
  const prepare = "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi";
  const store = `--root ${directory.at("store")} --runroot ${directory.at("run")} --storage-driver=vfs`;
  const limits = "--cgroups=disabled --ulimit=nproc=1000:1000 --ulimit=nofile=1024:1024";
  const command = `podman ${store} --cgroup-manager=cgroupfs run --rm ${limits}`;
  const inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", `${prepare}; exec "$@"`, "podman"];
  return {
    run: (flags, words, cwd) => {
      const rest = [...shared(stage), ...flags, "--rootfs", root, ...words];
      return execute([...inside, ...command.split(" "), ...rest], { cwd });
    },
    [Symbol.asyncDispose]: async () => {
      await execute(`podman ${store} system reset --force`.split(" "));
      directory[Symbol.dispose]();
    },
  };
}
