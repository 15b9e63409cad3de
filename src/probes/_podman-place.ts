/** Where Podman is let work: a store, a home and a run-time directory of cupel's, so that the user's stay as they are. */
import type { ProbeContext } from "./_probe.ts";

/** Podman, with everything that keeps it in its place. */
export interface PlacedPodman {
  readonly path: string;
  /** Before the command. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly root: string;
  /** Runtimes to try, best first: scripts of that name that keep the runtime's state here too. */
  readonly runtimes: readonly { readonly name: string; readonly path: string }[];
  /** Only root has control groups to be kept from. */
  readonly covers: boolean;
}

const runtimeNames = ["crun", "runc"] as const;

/**
 * containers.conf(5): locks in files, because the other kind is a file in /dev/shm that stays. What a user's own
 * configuration says is not read: a strategy brings its own.
 */
function renderConfiguration(place: string): string {
  return [
    "[engine]",
    'lock_type = "file"',
    `tmp_dir = ${JSON.stringify(`${place}/tmp`)}`,
    "[network]",
    `network_config_dir = ${JSON.stringify(`${place}/net`)}`,
    "",
  ].join("\n");
}

/** Only `create` and `start` get Podman's --runtime-flag, not `delete`: so a script gives the directory each time. */
function renderRuntime(path: string, place: string): string {
  return `#!/bin/sh\nexec ${quote(path)} --root ${quote(`${place}/runtime`)} "$@"\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Makes the place; gives why it could not. */
export async function placePodman({ host, helpers }: ProbeContext, path: string): Promise<PlacedPodman | string> {
  const root = await helpers.root();
  if (!root.ok) return root.reason;
  const directories = { "home/": "", "run/": "", "tmp/": "", "net/": "", "store/": "", "runtime/": "" };
  const made = await helpers.place("podman", directories);
  if (!made.ok) return made.reason;
  const place = made.path;
  const found = runtimeNames.flatMap((name) =>
    host
      .findPrograms(name)
      .slice(0, 1)
      .map((file) => ({ name, file })),
  );
  const scripts = Object.fromEntries(found.map(({ name, file }) => [name, renderRuntime(file, place)]));
  const filled = await helpers.place("podman", { "containers.conf": renderConfiguration(place), ...scripts });
  if (!filled.ok) return filled.reason;
  return {
    path,
    flags: ["--root", `${place}/store`, "--runroot", `${place}/run`, "--storage-driver", "vfs"],
    environment: {
      PATH: host.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C",
      HOME: `${place}/home`,
      XDG_RUNTIME_DIR: `${place}/run`,
      TMPDIR: `${place}/tmp`,
      CONTAINERS_CONF: `${place}/containers.conf`,
    },
    root: root.path,
    runtimes: found.map(({ name }) => ({ name, path: `${place}/${name}` })),
    covers: host.identity.uid === 0,
  };
}
