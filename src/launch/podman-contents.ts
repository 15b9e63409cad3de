/** What lies in the directory that Podman has for one launch: its configuration, and the root. Pure. */
import { ownFiles, type EngineEntry, type EngineRoot } from "./engine-root.ts";

/** What lies in the directory that an engine has for one launch, beside what it makes there itself. */
export interface EngineContents {
  readonly directories: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** What is in its `root`, which is the container's. */
  readonly root: readonly EngineEntry[];
}

/** It makes its own directories and asks for nothing else: a store, and what is there while it runs. */
const directories = ["root", "home", "hooks", "net", "run", "runtime", "store", "tmp", ownFiles] as const;

/**
 * containers.conf(5). What the host has for all containers, mounts and hooks, is not the job's. Locks in files, because the
 * other kind is a file in /dev/shm that stays.
 */
export function renderConfiguration(place: string): string {
  return [
    "[engine]",
    'cgroup_manager = "cgroupfs"',
    'events_logger = "none"',
    `hooks_dir = [${JSON.stringify(`${place}/hooks`)}]`,
    'lock_type = "file"',
    `tmp_dir = ${JSON.stringify(`${place}/tmp`)}`,
    "[network]",
    `network_config_dir = ${JSON.stringify(`${place}/net`)}`,
    "",
  ].join("\n");
}

/** containers-storage.conf(5). In the place of flags, of which `--runroot` takes 50 characters at most. */
function renderStorage(place: string): string {
  return [
    "[storage]",
    'driver = "vfs"',
    `graphroot = ${JSON.stringify(`${place}/store`)}`,
    `runroot = ${JSON.stringify(`${place}/run`)}`,
    `rootless_storage_path = ${JSON.stringify(`${place}/store`)}`,
    "",
  ].join("\n");
}

/** All of it; `place` is where Podman finds it. */
export function podmanContents(place: string, root: EngineRoot): EngineContents {
  return {
    directories,
    files: {
      "containers.conf": renderConfiguration(place),
      "mounts.conf": "",
      "storage.conf": renderStorage(place),
      ...Object.fromEntries(root.files.map((content, index) => [`${ownFiles}/${index}`, content])),
    },
    root: root.entries,
  };
}
