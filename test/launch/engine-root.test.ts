import { describe, expect, test } from "bun:test";
import { layOutEngineRoot, type EngineEntry } from "../../src/launch/engine-root.ts";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { FoundKind } from "../../src/launch/look-up.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const found: Readonly<Record<string, FoundKind>> = {
  "/usr": "directory",
  "/usr/share": "directory",
  "/etc/localtime": "link",
  "/etc/ld.so.cache": "file",
  "/run/real": "file",
  "/srv": "directory",
  "/srv/data": "directory",
  "/srv/data/file": "file",
  "/srv/disk": "directory",
  "/srv/disk/image": "file",
};

const paths: HostPaths = {
  lookUp: (path) => found[path] ?? "none",
  readLink: (path) => (path === "/etc/localtime" ? "/usr/share/zoneinfo/UTC" : undefined),
  resolve: (path) => (path === "/run/link" ? "/run/real" : undefined),
  mountPoints: ["/", "/srv", "/srv/disk", "/srv/disk/image", "/srv/closed/disk", "/srvice"],
  limits: "",
};

/** As Podman has them. */
const habits = {
  files: ["/etc/hostname", "/etc/resolv.conf"],
  putsFilesAlways: false,
  mark: "/run/.containerenv",
  entersClosed: true,
} as const;

function layOut(root: readonly RootStep[], parts: Partial<LauncherPlan> = {}, layer?: string, others = {}) {
  const plan = barePlan(["/bin/true"], { namespaces: ["network"], root, ...parts });
  return layOutEngineRoot(plan, paths, { layer }, { ...habits, ...others });
}

function directory(path: string, mode = 0o755): EngineEntry {
  return { kind: "directory", path, mode };
}

/** In every root. */
const always: readonly EngineEntry[] = [
  directory("/dev"),
  directory("/proc"),
  directory("/run"),
  { kind: "file", path: "/run/.containerenv", content: "" },
  directory("/sys", 0),
];

function entries(...own: EngineEntry[]): EngineEntry[] {
  return [...always, ...own].sort((one, other) => (one.path < other.path ? -1 : 1));
}

const bind = { step: "bind", writable: false, mapOwner: "no", optional: false } as const;
const tmpfs = { step: "tmpfs", sizeBytes: 4096, owned: true, writable: true } as const;

describe("layOutEngineRoot", () => {
  test("has what engines mount on, whatever the plan", () =>
    expect(layOut([])).toEqual({ entries: entries(), mounts: [], masks: [], files: [], sharedMemoryBytes: 0 }));

  test("makes in its directory what is the job's own, with all that holds it", () =>
    expect(
      layOut([
        { step: "directory", destination: "/etc", mode: 0o700 },
        { step: "file", destination: "/etc/passwd", content: "ä\n" },
        { step: "symlink", destination: "/var/run", target: "/run" },
      ]).entries,
    ).toEqual(
      entries(directory("/etc", 0o700), { kind: "file", path: "/etc/passwd", content: "ä\n" }, directory("/var"), {
        kind: "link",
        path: "/var/run",
        target: "/run",
      }),
    ));

  test("mirrors a link as a link, a file and a directory by a mount, and nothing where nothing is", () =>
    expect(
      layOut([
        { step: "mirror", path: "/usr" },
        { step: "mirror", path: "/etc/localtime" },
        { step: "mirror", path: "/etc/ld.so.cache" },
        { step: "mirror", path: "/nix/store" },
      ]),
    ).toEqual({
      entries: entries(
        directory("/usr"),
        directory("/etc"),
        { kind: "link", path: "/etc/localtime", target: "/usr/share/zoneinfo/UTC" },
        { kind: "file", path: "/etc/ld.so.cache", content: "" },
      ),
      mounts: [
        { kind: "bind", source: "/usr", destination: "/usr", writable: false },
        { kind: "bind", source: "/etc/ld.so.cache", destination: "/etc/ld.so.cache", writable: false },
      ],
      masks: [],
      files: [],
      sharedMemoryBytes: 0,
    }));

  test.each([false, true])("says of every mount below what it says of the topmost one (writable: %p)", (writable) =>
    expect(layOut([{ ...bind, source: "/srv", destination: "/mnt", writable }]).mounts).toEqual([
      { kind: "bind", source: "/srv", destination: "/mnt", writable },
      { kind: "bind", source: "/srv/disk", destination: "/mnt/disk", writable },
      { kind: "bind", source: "/srv/disk/image", destination: "/mnt/disk/image", writable },
    ]),
  );

  test("shows where an optional link leads, and skips one that leads nowhere", () =>
    expect(
      layOut([
        { ...bind, source: "/run/link", destination: "/etc/a", optional: true },
        { ...bind, source: "/run/none", destination: "/etc/b", optional: true },
      ]).mounts,
    ).toEqual([{ kind: "bind", source: "/run/real", destination: "/etc/a", writable: false }]));

  test("shows a copy of the workspace from its layer", () =>
    expect(layOut([{ step: "copy", source: "/srv/data", destination: "/srv/data" }], {}, "/layer").mounts).toEqual([
      { kind: "bind", source: "/layer/upper", destination: "/srv/data", writable: true },
    ]));

  test("gives what a file system in memory is mounted on its mode, where the container's root may open that", () => {
    const own: RootStep = { ...tmpfs, destination: "/home/job", mode: 0o700 };
    expect(layOut([own]).entries).toContainEqual(directory("/home/job", 0o700));
    const roots = layOut([own], {}, undefined, { entersClosed: false });
    expect(roots.entries).toContainEqual(directory("/home/job"));
    expect(roots.entries).toContainEqual(directory("/sys"));
    expect(roots.mounts).toEqual([{ kind: "tmpfs", destination: "/home/job", sizeBytes: 4096, mode: 0o700 }]);
  });

  test("keeps what an engine always puts there out, whatever network the job has", () => {
    const files = { files: ["/etc/hosts", "/etc/hostname"], putsFilesAlways: true, mark: "/.dockerenv" };
    const told = { step: "file", destination: "/etc/hosts", content: "127.0.0.1 localhost\n" } as const;
    const root = layOut([told], {}, undefined, files);
    expect([root.mounts.map(({ destination }) => destination), root.files]).toEqual([
      ["/etc/hosts", "/etc/hostname"],
      ["127.0.0.1 localhost\n", ""],
    ]);
    expect(root.entries.map(({ path }) => path)).toContain("/.dockerenv");
  });

  test("mounts files that lie below a mount, or that engines have of their own, from its place", () =>
    expect(
      layOut([
        { ...tmpfs, destination: "/tmp", mode: 0o1777 },
        { step: "file", destination: "/tmp/one", content: "1" },
        { step: "file", destination: "/etc/hostname", content: "job\n" },
      ]),
    ).toEqual({
      entries: entries(directory("/tmp", 0o1777), directory("/etc"), {
        kind: "file",
        path: "/etc/hostname",
        content: "",
      }),
      mounts: [
        { kind: "tmpfs", destination: "/tmp", sizeBytes: 4096, mode: 0o1777 },
        { kind: "bind", source: "files/0", destination: "/tmp/one", writable: false },
        { kind: "bind", source: "files/1", destination: "/etc/hostname", writable: false },
      ],
      masks: [],
      files: ["1", "job\n"],
      sharedMemoryBytes: 0,
    }));

  test("keeps the last of two mounts in one place, and nothing that a later one covers", () =>
    expect(
      layOut([
        { ...bind, source: "/srv/data/file", destination: "/a/b/c" },
        { ...bind, source: "/srv/data", destination: "/a/b", writable: true },
        { ...bind, source: "/usr", destination: "/a/b" },
        { ...bind, source: "/srv/data", destination: "/d" },
        { ...bind, source: "/srv/data/file", destination: "/d/file" },
      ]).mounts.map(({ destination }) => destination),
    ).toEqual(["/d", "/a/b", "/d/file"]));

  test("lets no engine put a file of its own into what was granted, nor where the host has none", () => {
    const etc = { ...bind, source: "/srv/data", destination: "/etc" } as const;
    const withName = {
      ...paths,
      lookUp: (path: string) => (path === "/srv/data/hostname" ? "file" : paths.lookUp(path)),
    };
    const plan = barePlan(["/bin/true"], { root: [{ step: "file", destination: "/etc/hostname", content: "x" }, etc] });
    expect(layOutEngineRoot(plan, withName, {}, habits).mounts).toEqual([
      { kind: "bind", source: "/srv/data", destination: "/etc", writable: false },
      { kind: "bind", source: "/srv/data/hostname", destination: "/etc/hostname", writable: false },
    ]);
    const bare = layOutEngineRoot(barePlan(["/bin/true"], {}), paths, {}, habits);
    expect([bare.mounts.map(({ destination }) => destination), bare.files]).toEqual([
      ["/etc/hostname", "/etc/resolv.conf"],
      ["", ""],
    ]);
  });

  test("leaves to every engine what it does by itself, and to the launcher inside what must not be on a disk", () =>
    expect(
      layOut([
        { step: "proc", destination: "/proc" },
        { step: "read-only", destination: "/" },
        { step: "given", destination: "/run/secrets/A", content: "A" },
        { step: "mask", destination: "/proc/kcore" },
        { step: "devices", destination: "/dev", shmBytes: 9 },
      ]),
    ).toEqual({ entries: entries(), mounts: [], masks: ["/proc/kcore"], files: [], sharedMemoryBytes: 9 }));
});

describe("layOutEngineRoot refuses", () => {
  const refusals: [string, RootStep[], string][] = [
    [
      "a layer",
      [{ step: "overlay", source: "/srv", destination: "/srv", mapOwner: "no" }],
      "a container engine cannot lay a layer over /srv",
    ],
    [
      "a cap on files",
      [{ ...tmpfs, destination: "/tmp", mode: 0o1777, filesMax: 3 }],
      "a container engine cannot cap the number of files in /tmp",
    ],
    [
      "one on those in shared memory",
      [{ step: "devices", destination: "/dev", shmBytes: 9, shmFilesMax: 3 }],
      "a container engine cannot cap the number of files in /dev/shm",
    ],
    [
      "what a runtime would make in the caller's own directory",
      [
        { ...bind, source: "/srv/data", destination: "/srv/data", writable: true },
        { ...bind, source: "/usr", destination: "/srv/data/none" },
      ],
      "a container engine cannot show a directory at /srv/data/none: there is none",
    ],
    [
      "a link below a mount",
      [
        { ...tmpfs, destination: "/tmp", mode: 0o1777 },
        { step: "symlink", destination: "/tmp/link", target: "/" },
      ],
      "a container engine cannot make a link /tmp/link below a mount",
    ],
    [
      "anything below a link, which would be made on the host",
      [
        { step: "symlink", destination: "/var", target: "/srv" },
        { step: "file", destination: "/var/file", content: "" },
      ],
      "a container engine cannot make /var/file below a link",
    ],
    ["a copy without a place", [{ step: "copy", source: "/srv", destination: "/srv" }], "There is no place"],
  ];
  test.each(refusals)("%s", (_, root, message) => expect(() => layOut(root)).toThrow(message));
});
