import { describe, expect, test } from "bun:test";
import { callDocker, type DockerCall } from "../../src/launch/docker-call.ts";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { FoundKind } from "../../src/launch/look-up.ts";
import { makerInputsMax } from "../../src/launch/protocol.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const paths: HostPaths = {
  lookUp: () => "directory",
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: ["/"],
  limits: "",
};

const maker = { program: "docker", path: "/usr/bin/docker" } as const;
const program = Uint8Array.of(127, 69, 76, 70);
const environment = { PATH: "/bin", DOCKER_HOST: "unix:///run/docker.sock" };

function call(parts: Partial<LauncherPlan>, host: Partial<HostPaths> = {}, rootlessDaemon?: string): DockerCall {
  const plan = {
    ...barePlan(["/bin/true"], { namespaces: ["network"], ...parts }),
    maker: { ...maker, rootlessDaemon },
  } as const;
  const outside = { uid: 7, gid: 8 };
  return callDocker(plan, { ...paths, ...host }, { place: "/state/it's", outside, environment, program });
}

function bind(source: string, destination: string, writable = false): RootStep {
  return { step: "bind", source, destination, writable, mapOwner: "no", optional: false };
}

function mask(destination: string): RootStep {
  return { step: "mask", destination };
}

/** Nothing of the caller's where Docker puts its own. */
function shown(source: string, destination: string): string {
  return `--mount=type=bind,source=${source},destination=${destination},readonly,bind-nonrecursive`;
}

const habits = ["hostname", "hosts", "resolv.conf"].map((name, index) =>
  shown(`/state/it's/files/${index}`, `/etc/${name}`),
);
const gate = shown("/state/it's/gate", "/.cupel/gate");
const emptied = ["--tmpfs=/sys:ro,size=4096,mode=0000", "--tmpfs=/sys/fs/cgroup:ro,size=4096,mode=0000"];

/** What lies between what every call has before mounts, and what it has behind the job's masks. */
function mountsOf({ arguments: words }: DockerCall): readonly string[] {
  return words.slice(words.findIndex((word) => word.startsWith("--shm-size=")) + 1, words.indexOf("--workdir=/"));
}

describe("callDocker", () => {
  test("has the launcher run from an image of the job's own, in a container that shares nothing", () =>
    expect(call({ hostname: "job", namespaces: ["user", "mount", "pid", "network"] })).toEqual({
      path: "/usr/bin/docker",
      arguments: [
        "run",
        "--name=cupel-it's",
        "--rm",
        "--pull=never",
        "--read-only",
        "--no-healthcheck",
        "--log-driver=none",
        "--stop-signal=SIGKILL",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--security-opt=seccomp=unconfined",
        "--security-opt=label=disable",
        "--ipc=private",
        "--cgroupns=private",
        "--network=none",
        "--hostname=job",
        "--user=7:8",
        "--shm-size=0",
        ...habits,
        gate,
        ...emptied,
        "--workdir=/",
        "cupel:it's",
        "/.cupel/launcher",
        "gate",
      ],
      environment,
      inputs: [],
      startTimeoutMs: 30_000,
      isEngine: true,
      gate: "/state/it's/gate",
      furtherCalls: [
        { time: "before", arguments: ["import", "/state/it's/image.tar", "cupel:it's"] },
        { time: "afterLoss", arguments: ["rm", "--force", "--volumes", "cupel-it's"] },
        { time: "after", arguments: ["image", "rm", "cupel:it's"] },
      ],
      contents: { directories: ["gate", "files"], files: { "files/0": "", "files/1": "", "files/2": "" } },
      image: [
        { kind: "file", path: "/.dockerenv", content: "" },
        { kind: "directory", path: "/dev", mode: 0o755 },
        { kind: "directory", path: "/etc", mode: 0o755 },
        { kind: "file", path: "/etc/hostname", content: "" },
        { kind: "file", path: "/etc/hosts", content: "" },
        { kind: "file", path: "/etc/resolv.conf", content: "" },
        { kind: "directory", path: "/proc", mode: 0o755 },
        { kind: "directory", path: "/sys", mode: 0 },
        { kind: "file", path: "/.cupel/launcher", content: program, mode: 0o555 },
        { kind: "directory", path: "/.cupel/gate", mode: 0o755 },
      ],
    }));

  test("writes mounts down as lists, and quotes what would end a value", () => {
    const made = call({
      root: [
        { step: "tmpfs", destination: "/tmp", sizeBytes: 9, mode: 0o1777, owned: true, writable: true },
        bind('/a,"b', "/c"),
        bind("/d:e", "/d:e", true),
      ],
    });
    expect(mountsOf(made)).toEqual([
      "--tmpfs=/tmp:exec,size=9,mode=1777,uid=7,gid=8",
      '--mount=type=bind,"source=/a,""b",destination=/c,readonly,bind-nonrecursive',
      "--mount=type=bind,source=/d:e,destination=/d:e,bind-nonrecursive",
      ...habits,
      gate,
      ...emptied,
    ]);
    expect(made.inputs).toEqual([{ source: '/a,"b' }, { source: "/d:e" }]);
  });

  test("shows what the job is told of names in the place of what Docker would, and as no input of the host's", () => {
    const root: RootStep[] = [
      { step: "file", destination: "/etc/hosts", content: "127.0.0.1 localhost\n" },
      { step: "file", destination: "/etc/passwd", content: "job:x:7:8::/:\n" },
    ];
    const made = call({ root });
    expect(made.contents.files).toEqual({ "files/0": "127.0.0.1 localhost\n", "files/1": "", "files/2": "" });
    expect(mountsOf(made).slice(0, 3)).toEqual([
      shown("/state/it's/files/0", "/etc/hosts"),
      shown("/state/it's/files/1", "/etc/hostname"),
      shown("/state/it's/files/2", "/etc/resolv.conf"),
    ]);
    expect(made.image).toContainEqual({ kind: "file", path: "/etc/passwd", content: "job:x:7:8::/:\n" });
    expect(made.inputs).toEqual([]);
  });

  test("hides what a mount shows, and nothing where there is none or the runtime hides it", () => {
    const found: Readonly<Record<string, FoundKind>> = {
      "/srv/keys": "directory",
      "/srv/inner": "directory",
      "/opt": "directory",
      "/opt/token": "file",
    };
    const hidden = ["/data/keys", "/data/inner/token", "/data/gone", "/proc/opt/token", "/tmp/any", "/elsewhere"];
    const root: RootStep[] = [
      bind("/srv", "/data"),
      bind("/opt", "/data/inner"),
      bind("/opt", "/proc/opt"),
      { step: "tmpfs", destination: "/tmp", sizeBytes: 9, mode: 0o700, owned: true, writable: true },
      ...hidden.map(mask),
    ];
    const words = mountsOf(call({ root }, { lookUp: (path) => found[path] ?? "none" }));
    expect(words.slice(words.indexOf(emptied[1] ?? "") + 1)).toEqual([
      "--tmpfs=/data/keys:ro,size=4096,mode=0555",
      shown("/dev/null", "/data/inner/token"),
    ]);
  });

  test("gives the container the limits that cupel has, and leaves some processes to cupel", () => {
    const limits = [
      "Limit                     Soft Limit           Hard Limit           Units     ",
      "Max cpu time              unlimited            unlimited            seconds   ",
      "Max core file size        0                    unlimited            bytes     ",
      "Max processes             100                  200                  processes ",
      "Max open files            1024                 1048576              files     ",
      "Max address space         1                    2                    bytes     ",
      "",
    ];
    const { arguments: words } = call({}, { limits: limits.join("\n") });
    expect(words.filter((word) => word.startsWith("--ulimit="))).toEqual([
      "--ulimit=core=0:-1",
      "--ulimit=cpu=-1:-1",
      "--ulimit=nofile=1024:1048576",
      "--ulimit=nproc=75:168",
    ]);
  });

  test("asks for a runtime where the daemon's default will not do", () => {
    const plan = { ...barePlan(["/bin/true"]), maker: { ...maker, runtime: "runc" } } as const;
    const binding = { place: "/state/one", outside: { uid: 7, gid: 8 }, environment, program };
    expect(callDocker(plan, paths, binding).arguments).toContain("--runtime=runc");
    expect(call({}).arguments.filter((word) => word.startsWith("--runtime"))).toEqual([]);
  });

  test("has the caller be root where the daemon has no root's rights, and no network of the host's", () => {
    const root: RootStep[] = [
      { step: "tmpfs", destination: "/tmp", sizeBytes: 9, mode: 0o1777, owned: true, writable: true },
    ];
    const made = call({ root }, {}, "/run/user/7/docker.sock");
    expect([made, call({ root })].map((one) => one.rootlessDaemon)).toEqual(["/run/user/7/docker.sock", undefined]);
    const [user, capability] = ["--user=0:0", "--cap-add=SETFCAP"];
    expect(made.arguments).toContainValues([user, capability]);
    expect(call({ root }).arguments).not.toContain(capability);
    expect(mountsOf(made)[0]).toBe("--tmpfs=/tmp:exec,size=9,mode=1777,uid=0,gid=0");
    expect(() => call({ namespaces: [] }, {}, "/run/user/7/docker.sock")).toThrow(
      "Docker cannot share the host's network: a daemon without root's rights shares its own",
    );
    expect(() => call({ outside: "fresh" }, {}, "/run/user/7/docker.sock")).toThrow(
      "Docker cannot run a job of root's",
    );
  });

  test("leaves the host's network to a job that has it, with the memory that is asked for, and no name", () => {
    const devices: RootStep = { step: "devices", destination: "/dev", shmBytes: 5 };
    const { arguments: words } = call({ namespaces: [], root: [devices] });
    expect(words).toContain("--network=host");
    expect(words).toContain("--shm-size=5");
    expect(words.filter((word) => word.startsWith("--hostname"))).toEqual([]);
  });

  test("takes as many paths as the launcher does", () => {
    const root = Array.from({ length: makerInputsMax }, (_, index) => bind("/a", `/b${index}`));
    expect(call({ root }).inputs).toHaveLength(makerInputsMax);
  });

  test.each<[string, RootStep[], string]>([
    [
      "a colon in the path of what is in memory",
      [{ step: "tmpfs", destination: "/a:b", sizeBytes: 9, mode: 0o700, owned: true, writable: true }],
      "Docker cannot mount anything in memory at /a:b: to it, a colon begins the options",
    ],
    [
      "a colon in the path of a directory that is hidden",
      [bind("/a", "/a"), mask("/a/b:c")],
      "Docker cannot mount anything in memory at /a/b:c: to it",
    ],
    [
      "a name that takes others away",
      [{ step: "file", destination: "/etc/.wh.passwd", content: "" }],
      "Docker cannot make /etc/.wh.passwd: in an image, such a name takes another one away",
    ],
    [
      "a mount point with such a name",
      [bind("/a", "/.wh..wh..opq")],
      "Docker cannot make /.wh..wh..opq: in an image, such a name",
    ],
    [
      "too many paths",
      Array.from({ length: makerInputsMax + 1 }, (_, index) => bind("/a", `/b${index}`)),
      "Docker cannot be given more than 256 paths; grant directories that hold them",
    ],
  ])("refuses %s", (_, root, message) => expect(() => call({ root })).toThrow(message));
});
