/** A Docker daemon without root's rights, of an ordinary user's own, as Debian's docker.io starts one. */
import { readFileSync } from "node:fs";
import { execute, start } from "./execute.ts";
import { makeTempDir } from "./temp-dir.ts";
import { ordinaryCaller } from "./tester.ts";
import { until } from "./until.ts";

/** What its client finds it by, and what it has kept. */
export interface RootlessDocker extends AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  /** The daemon's process. */
  readonly pid: number;
  /** Repositories of its images, once it has no container any more. */
  images(): Promise<readonly string[]>;
}

const script = "/usr/share/docker.io/contrib/dockerd-rootless.sh";

/** Starts one, in user, mount and network namespaces of its own (rootlesskit). */
export async function startRootlessDocker(): Promise<RootlessDocker> {
  const owner = ordinaryCaller;
  const directory = makeTempDir({ parent: "/var/tmp", owner });
  const [home, runtime] = [directory.folder("home"), directory.folder("run", 0o700)];
  const socket = `${runtime}/docker.sock`;
  const places = `--data-root ${home}/data --exec-root ${runtime}/exec --pidfile ${runtime}/docker.pid`;
  const words = `${places} --host unix://${socket} --storage-driver=vfs --bridge=none --iptables=false --log-level=error`;
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    // One of its own takes a device, which is not everybody's.
    DOCKERD_ROOTLESS_ROOTLESSKIT_NET: "host",
    DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER: "none",
  };
  const daemon = start([...owner.prefix, "sh", script, ...words.split(" ")], { env });
  const docker = (...rest: readonly string[]): ReturnType<typeof execute> =>
    execute(["docker", "--host", `unix://${socket}`, ...rest]);
  const list = async (...rest: readonly string[]): Promise<string[]> =>
    (await docker(...rest)).stdout.split("\n").filter((line) => line !== "");
  await until("the daemon answers", async () => (await docker("version")).code === 0, 5_000).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${daemon.stderr()}`);
  });
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    pid: Number(readFileSync(`${runtime}/docker.pid`, "utf8")),
    images: async () => {
      await until("the containers are gone", async () => (await list("ps", "--all", "--quiet")).length === 0);
      return list("image", "ls", "--all", "--format", "{{.Repository}}");
    },
    [Symbol.asyncDispose]: async () => {
      daemon.kill("SIGTERM");
      await daemon.ended;
      await daemon[Symbol.asyncDispose]();
      // What others' ids own in it only root takes away, or whoever has those ids.
      await execute([...owner.prefix, "rootlesskit", "rm", "-rf", home, runtime], { env });
      directory[Symbol.dispose]();
    },
  };
}
