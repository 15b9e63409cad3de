/** Bundles for OCI runtimes (github.com/opencontainers/runtime-spec, config.md): the same sandbox for all of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { JobCommand } from "./contestant.ts";
import type { Workshop } from "./workshop.ts";

const mounts = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
  { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance"] },
  { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777"] },
  { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
];

const namespaces = ["pid", "network", "ipc", "uts", "mount"];

/** Root needs no user namespace; anyone else maps the own id to 0, the only one that a bundle may always use. */
function userNamespace(uid: number, gid: number): object {
  if (uid === 0) return {};
  return {
    uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
  };
}

/** The configuration for a job. Pure. */
export function bundleConfiguration(job: JobCommand, root: string, uid: number, gid: number): object {
  const kinds = uid === 0 ? namespaces : [...namespaces, "user"];
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: job,
      env: ["PATH=/bin"],
      cwd: "/",
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: "job",
    mounts,
    linux: { namespaces: kinds.map((type) => ({ type })), ...userNamespace(uid, gid) },
  };
}

/** Writes the bundle for a job into the workshop; gives its path. */
export function writeBundle({ path, containerRoot }: Workshop, job: JobCommand): string {
  const bundle = join(path, `bundle-${basename(job[0])}`);
  mkdirSync(bundle, { recursive: true });
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  writeFileSync(join(bundle, "config.json"), JSON.stringify(bundleConfiguration(job, containerRoot, uid, gid)));
  return bundle;
}
