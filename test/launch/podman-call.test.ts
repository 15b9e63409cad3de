import { describe, expect, test } from "bun:test";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import { callPodman, type EngineCall } from "../../src/launch/podman-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const paths: HostPaths = {
  lookUp: () => "directory",
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: ["/"],
  limits:
    "Max processes             100                  200                  processes \nMax open files            1024                 unlimited            files     \n",
};

const maker = { program: "podman", path: "/usr/bin/podman", runtime: "crun", runtimePath: "/usr/bin/crun" } as const;
const user = { outside: "caller", inside: { uid: 7, gid: 8 } } as const;

function call(parts: Partial<LauncherPlan>, runtime: Partial<MadePlan<"podman">["maker"]> = {}): EngineCall {
  const plan = {
    ...barePlan(["/bin/true"], { ...user, namespaces: ["network"], ...parts }),
    maker: { ...maker, ...runtime },
  } as const;
  return callPodman(plan, paths, { place: "/state/it's", outside: { uid: 0x7000_0001, gid: 0x7000_0002 } });
}

function bind(source: string, destination: string, writable = false): RootStep {
  return { step: "bind", source, destination, writable, mapOwner: "no", optional: false };
}

const emptied = [
  "--mount",
  "type=tmpfs,destination=/sys,tmpfs-size=4096,tmpfs-mode=0700,ro",
  "--mount",
  "type=tmpfs,destination=/sys/fs/cgroup,tmpfs-size=4096,tmpfs-mode=0700,ro",
];

describe("callPodman", () => {
  test("has the launcher started by its descriptor, in a container that shares nothing", () => {
    const made = call({ hostname: "job", namespaces: ["user", "mount", "pid", "network"] });
    expect(made).toEqual({
      path: "/usr/bin/podman",
      arguments: [
        "--default-mounts-file=/state/it's/mounts.conf",
        "--runtime=/usr/bin/crun",
        "--runtime-flag=root=/state/it's/runtime",
        "run",
        "--rm",
        "--interactive",
        "--sig-proxy=false",
        "--read-only",
        "--read-only-tmpfs=false",
        "--no-hosts",
        "--passwd=false",
        "--systemd=false",
        "--log-driver=none",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--security-opt=seccomp=unconfined",
        "--security-opt=label=disable",
        "--ipc=private",
        "--pid=private",
        "--uts=private",
        "--cgroupns=private",
        "--cgroups=disabled",
        "--network=none",
        "--hostname=job",
        "--userns=keep-id:uid=7,gid=8",
        "--user=7:8",
        "--ulimit=nofile=1024:-1",
        "--ulimit=nproc=75:168",
        "--shm-size=0",
        "--preserve-fds=11",
        ...emptied,
        "--workdir=/",
        "--rootfs",
        "/state/it's/root",
        "/proc/self/fd/11",
        "container",
      ],
      environment: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        LC_ALL: "C",
        HOME: "/state/it's/home",
        XDG_RUNTIME_DIR: "/state/it's/run",
        TMPDIR: "/state/it's/tmp",
        CONTAINERS_CONF: "/state/it's/containers.conf",
        CONTAINERS_STORAGE_CONF: "/state/it's/storage.conf",
      },
      inputs: [{ source: "/state/it's" }],
      startTimeoutMs: 30_000,
      isEngine: true,
      contents: {
        directories: ["root", "home", "hooks", "net", "run", "runtime", "store", "tmp", "files"],
        files: {
          "containers.conf":
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nhooks_dir = ["/state/it\'s/hooks"]\nlock_type = "file"\ntmp_dir = "/state/it\'s/tmp"\n[network]\nnetwork_config_dir = "/state/it\'s/net"\n',
          "mounts.conf": "",
          "storage.conf":
            '[storage]\ndriver = "vfs"\ngraphroot = "/state/it\'s/store"\nrunroot = "/state/it\'s/run"\nrootless_storage_path = "/state/it\'s/store"\n',
        },
        root: made.contents.root,
      },
    });
    expect(made.contents.root.map(({ path }) => path)).toEqual(["/dev", "/proc", "/run", "/run/.containerenv", "/sys"]);
  });

  test("writes mounts down as lists, and quotes what would end a value", () => {
    const { arguments: words, inputs } = call({
      root: [
        { step: "tmpfs", destination: "/tmp", sizeBytes: 9, mode: 0o1777, owned: true, writable: true },
        bind('/a,"b', "/c"),
        bind("/d", "/d", true),
        { step: "file", destination: "/etc/hostname", content: "x" },
        { step: "mask", destination: "/proc/kcore" },
      ],
    });
    const from = words.indexOf("--preserve-fds=11") + 1;
    expect(words.slice(from, words.indexOf("--workdir=/"))).toEqual([
      "--mount",
      "type=tmpfs,destination=/tmp,tmpfs-size=9,tmpfs-mode=1777,notmpcopyup,chown",
      "--mount",
      'type=bind,"source=/a,""b",destination=/c,ro,nosuid,nodev',
      "--mount",
      "type=bind,source=/d,destination=/d,nosuid,nodev",
      "--mount",
      "type=bind,source=/state/it's/files/0,destination=/etc/hostname,ro,nosuid,nodev",
      ...emptied,
      "--security-opt=mask=/proc/kcore",
    ]);
    expect(inputs).toEqual([{ source: "/state/it's" }, { source: '/a,"b' }, { source: "/d" }]);
  });

  test("has root's Podman find all that it shows where the launcher has it, and maps two ids of nobody's", () => {
    const { arguments: words, environment, inputs } = call({ outside: "fresh", root: [bind("/a", "/b")] });
    expect(inputs).toEqual([{ source: "/state/it's" }, { source: "/a" }]);
    expect(words).toEqual(
      expect.arrayContaining([
        "--runtime-flag=root=/sys/0/runtime",
        "/sys/0/root",
        "type=bind,source=/sys/1,destination=/b,ro,nosuid,nodev",
        "--uidmap=0:1895825409:1",
        "--uidmap=7:1879048193:1",
        "--gidmap=0:1895825410:1",
        "--gidmap=8:1879048194:1",
        "--user=7:8",
      ]),
    );
    expect(words.filter((word) => word.includes("keep-id") || word.includes("it's"))).toEqual([]);
    expect(environment["CONTAINERS_CONF"]).toBe("/sys/0/containers.conf");
  });

  test("leaves the host's network to a job that has it, and runc its control groups", () => {
    const { arguments: words } = call({ namespaces: [] }, { runtime: "runc", runtimePath: "/usr/sbin/runc" });
    expect(words).toContain("--network=host");
    expect(words).toContain("--runtime=/usr/sbin/runc");
    expect(words).not.toContain("--cgroups=disabled");
  });

  test.each<[string, RootStep[], string]>([
    ["a colon in what is hidden", [{ step: "mask", destination: "/a:b" }], "Podman cannot hide /a:b: to it"],
    [
      "too many paths",
      Array.from({ length: 256 }, (_, index) => bind("/a", `/b${index}`)),
      "Podman cannot be given more than 255 paths; grant directories that hold them",
    ],
  ])("refuses %s", (_, root, message) => expect(() => call({ root })).toThrow(message));
});
