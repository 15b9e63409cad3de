/** Where Podman is let work: a store, a home and a run-time directory of cupel's, so that the user's stay as they are. */
import { renderConfiguration } from "../launch/podman-contents.ts";
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
}

/** It takes 50 characters for `--runroot`, and gives that to what it has called at the end of a container. */
const pathMax = 50 - "/run".length;

/** Short for that; under its own name lies what older releases of cupel left, whose run-time directory was another. */
const placeName = "pod";

const runtimeNames = ["crun", "runc"] as const;

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
  const directories = { "home/": "", "hooks/": "", "run/": "", "tmp/": "", "net/": "", "store/": "", "runtime/": "" };
  const made = await helpers.place(placeName, directories, pathMax);
  if (!made.ok) return made.reason;
  const place = made.path;
  const found = runtimeNames.flatMap((name) =>
    host
      .findPrograms(name)
      .slice(0, 1)
      .map((file) => ({ name, file })),
  );
  const scripts = Object.fromEntries(found.map(({ name, file }) => [name, renderRuntime(file, place)]));
  const filled = await helpers.place(
    placeName,
    { "containers.conf": renderConfiguration(place), "mounts.conf": "", ...scripts },
    pathMax,
  );
  if (!filled.ok) return filled.reason;
  return {
    path,
    flags: [
      `--default-mounts-file=${place}/mounts.conf`,
      "--root",
      `${place}/store`,
      "--runroot",
      `${place}/run`,
      "--storage-driver",
      "vfs",
    ],
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
  };
}
