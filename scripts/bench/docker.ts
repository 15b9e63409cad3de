/** A Docker daemon to ask: the one that runs, or for root one of the bench's own that is gone afterwards. */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Workshop } from "./workshop.ts";

/** The image that jobs run in: the workshop's container root. */
export const dockerImage = "cupel-bench";

const startDeadlineMs = 20_000;
const pollMs = 200;
const controlGroupParent = `cupel-bench-${process.pid}`;

/** What the docker command needs to reach a daemon that has the image; a text says why there is none. */
export interface DockerAccess extends AsyncDisposable {
  readonly flags: readonly string[] | string;
}

function docker(flags: readonly string[], words: readonly string[]): { done: boolean; said: string } {
  const ran = Bun.spawnSync(["docker", ...flags, ...words], { stdin: "ignore", timeout: startDeadlineMs });
  return { done: ran.success, said: ran.stderr.toString().trim().split("\n").at(-1) ?? "" };
}

function answers(flags: readonly string[]): boolean {
  return docker(flags, ["version"]).done;
}

function importImage(flags: readonly string[], { containerRoot }: Workshop): string | undefined {
  const reach = ["docker", ...flags].join(" ");
  const ran = Bun.spawnSync(["sh", "-c", `tar -C "$1" -c . | ${reach} import - ${dockerImage}`, "sh", containerRoot]);
  return ran.success ? undefined : ran.stderr.toString().trim();
}

function removeControlGroups(): void {
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    const group = join("/sys/fs/cgroup", hierarchy, controlGroupParent);
    try {
      rmdirSync(group);
    } catch (error) {
      // Most hierarchies have none.
      if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

async function waitUntilItAnswers(flags: readonly string[]): Promise<boolean> {
  const deadline = performance.now() + startDeadlineMs;
  while (performance.now() < deadline) {
    if (answers(flags)) return true;
    await Bun.sleep(pollMs);
  }
  return false;
}

/** Its mounts are in a namespace of its own, so that none is left behind. */
async function startDaemon(workshop: Workshop): Promise<DockerAccess> {
  const directory = mkdtempSync(join(tmpdir(), "cupel-bench-"));
  const [data, exec, pid] = ["data", "exec", "pid"].map((name) => join(directory, name));
  const host = `unix://${join(directory, "socket")}`;
  mkdirSync(data ?? directory);
  const places = `--host ${host} --pidfile ${pid} --data-root ${data} --exec-root ${exec} --storage-driver=vfs`;
  const limits = `--bridge=none --iptables=false --cgroup-parent=/${controlGroupParent} --log-level=error`;
  const command = `unshare --mount --propagation private dockerd ${places} ${limits}`.split(" ");
  const daemon = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] });
  const flags = ["--host", host];
  const reason = (await waitUntilItAnswers(flags)) ? importImage(flags, workshop) : "the daemon does not answer";
  return {
    flags: reason ?? flags,
    [Symbol.asyncDispose]: async () => {
      daemon.kill("SIGTERM");
      await daemon.exited;
      removeControlGroups();
      rmSync(directory, { recursive: true });
    },
  };
}

function useDaemon(workshop: Workshop): DockerAccess {
  const reason = importImage([], workshop);
  return {
    flags: reason ?? [],
    [Symbol.asyncDispose]: async () => {
      docker([], ["image", "rm", dockerImage]);
    },
  };
}

function without(reason: string): DockerAccess {
  return { flags: reason, [Symbol.asyncDispose]: async () => undefined };
}

/** Reaches a daemon and gives it the image; to be disposed of. */
export async function openDocker(workshop: Workshop): Promise<DockerAccess> {
  if (Bun.which("docker") === null) return without("docker is not installed (--install-peers)");
  if (answers([])) return useDaemon(workshop);
  const { said } = docker([], ["version"]);
  if (process.geteuid?.() !== 0 || Bun.which("dockerd") === null) return without(said);
  return startDaemon(workshop);
}
