import { describe, expect, test } from "bun:test";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import { makerInputsMax } from "../../src/launch/protocol.ts";
import { callSystemd, type SystemdCall } from "../../src/launch/systemd-call.ts";
import { unitWords, type SystemdManager } from "../../src/launch/systemd-words.ts";
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

const program = Uint8Array.of(127, 69, 76, 70);
const environment = { PATH: "/bin" };

function call(
  parts: Partial<LauncherPlan>,
  host: Partial<HostPaths> = {},
  manager: SystemdManager = "user",
): SystemdCall {
  const maker = { program: "systemd-run", path: "/bin/systemd-run", manager, controlPath: "/bin/systemctl" } as const;
  const plan = { ...barePlan(["/bin/true"], { namespaces: ["network"], ...parts }), maker } as const;
  const outside = { uid: 7, gid: 8 };
  return callSystemd(plan, { ...paths, ...host }, { place: "/state/x y", outside, environment, program });
}

function bind(source: string, destination: string, writable = false): RootStep {
  return { step: "bind", source, destination, writable, mapOwner: "no", optional: false };
}

function property(name: string, value: string): string {
  return `--property=${name}=${value}`;
}

const shared = property("TemporaryFileSystem", "/dev/shm:size=0,mode=1777");
const terminals = property("TemporaryFileSystem", "/dev/pts:ro,size=4096,mode=0500");
const runTime = property("TemporaryFileSystem", "/run:ro,size=4096,mode=0755");
const root = property("RootDirectory", "/state/x y/root");

/** What is said of mounts, and of what is hidden. */
function mountsOf({ arguments: words }: SystemdCall): readonly string[] {
  return words.slice(words.indexOf(terminals) + 1, -2);
}

describe("callSystemd", () => {
  test("has the launcher run as a unit that shares nothing, from a root of the job's own", () =>
    expect(call({ hostname: "job", namespaces: ["user", "mount", "pid", "network"] })).toEqual({
      unit: "cupel-x y.service",
      path: "/bin/systemd-run",
      arguments: [
        ...unitWords("user", "cupel-x y.service"),
        property("PrivateNetwork", "yes"),
        root,
        shared,
        terminals,
        runTime,
        "/.cupel/launcher",
        "input",
      ],
      environment,
      inputs: [],
      startTimeoutMs: 30_000,
      isEngine: true,
      joinsByInput: true,
      furtherCalls: [
        { time: "afterLoss", path: "/bin/systemctl", arguments: ["--user", "--quiet", "stop", "cupel-x y.service"] },
      ],
      contents: {
        directories: ["root", "files"],
        files: {},
        root: [
          { kind: "directory", path: "/dev", mode: 0o755 },
          { kind: "directory", path: "/proc", mode: 0o755 },
          { kind: "directory", path: "/sys", mode: 0 },
          { kind: "directory", path: "/root", mode: 0o755 },
          { kind: "directory", path: "/.cupel", mode: 0o755 },
          { kind: "file", path: "/.cupel/launcher", content: program, mode: 0o555 },
        ],
      },
    }));

  test("asks root's manager where it is root's", () => {
    const { arguments: words, furtherCalls } = call({}, {}, "system");
    expect([words[0], furtherCalls[0]?.arguments[0]]).toEqual(["--system", "--system"]);
  });

  test("leaves the host's network to a job that has it", () =>
    expect(call({ namespaces: [] }).arguments).not.toContain(property("PrivateNetwork", "yes")));

  test("writes mounts down as lists, and quotes what would end a value", () => {
    const made = call({
      root: [
        { step: "tmpfs", destination: "/tmp", sizeBytes: 9, mode: 0o1777, owned: true, writable: true },
        bind("/usr", "/usr"),
        bind("/a b", "/c:d", true),
      ],
    });
    expect(mountsOf(made)).toEqual([
      runTime,
      property("TemporaryFileSystem", "/tmp:exec,size=9,mode=1777,uid=7,gid=8"),
      property("BindReadOnlyPaths", "/usr:/usr:rbind"),
      property("BindPaths", '"/a b":"/c:d":rbind'),
    ]);
    expect(made.inputs).toEqual([{ source: "/usr" }, { source: "/a b" }]);
  });

  test("leaves /run to what the plan has there", () =>
    expect(mountsOf(call({ root: [bind("/srv", "/run/srv")] }))).toEqual([
      property("BindReadOnlyPaths", "/srv:/run/srv:rbind"),
    ]));

  test("shows a file of the plan's below a mount by one of its own", () => {
    const content = "there";
    const made = call(
      { root: [bind("/srv", "/srv"), { step: "file", destination: "/srv/new", content }] },
      {
        lookUp: (path) => (path === "/srv/new" ? "file" : "directory"),
      },
    );
    expect(mountsOf(made).at(-1)).toBe(property("BindReadOnlyPaths", '"/state/x y/files/0":/srv/new:rbind'));
    expect([made.contents.files, made.inputs]).toEqual([{ "files/0": content }, [{ source: "/srv" }]]);
  });

  test("hides what is shown of the host and of the kernel, and nothing else", () => {
    const masks = ["/srv/secret", "/proc/kcore", "/etc/none"].map((destination): RootStep => ({
      step: "mask",
      destination,
    }));
    expect(mountsOf(call({ root: [bind("/srv", "/srv"), ...masks] })).slice(2)).toEqual([
      property("InaccessiblePaths", "-+/srv/secret"),
      property("InaccessiblePaths", "-+/proc/kcore"),
    ]);
  });

  test("hides what the host has mounted in its /proc", () =>
    expect(
      mountsOf(call({}, { mountPoints: ["/", "/proc", "/proc/driver", "/proc/sys/fs/binfmt_misc", "/srv"] })),
    ).toEqual([
      runTime,
      property("InaccessiblePaths", "-+/proc/driver"),
      property("InaccessiblePaths", "-+/proc/sys/fs/binfmt_misc"),
    ]));

  test("gives the unit the caller's own limits, less what the launcher leaves to cupel", () => {
    const limits = [
      "Limit                     Soft Limit           Hard Limit           Units     ",
      "Max processes             400                  unlimited            processes ",
      "Max open files            1024                 4096                 files     ",
      "",
    ].join("\n");
    const { arguments: words } = call({}, { limits });
    expect(words.filter((word) => word.includes("=Limit"))).toEqual([
      property("LimitNOFILE", "1024:4096"),
      property("LimitNPROC", "368:infinity"),
    ]);
  });

  test.each<[string, Partial<LauncherPlan>, string]>([
    [
      "a path in which a line ends",
      { root: [bind("/a\nb", "/a")] },
      'systemd cannot be told of "/a\\nb": it takes no quote and no control character',
    ],
    [
      "a quote in what is hidden",
      { root: [bind("/srv", "/srv"), { step: "mask", destination: "/srv/it's" }] },
      'systemd cannot be told of "/srv/it\'s": it takes no quote and no control character',
    ],
    [
      "a layer",
      { root: [{ ...bind("/srv", "/srv"), step: "overlay" } as unknown as RootStep] },
      "a container engine cannot lay a layer over /srv",
    ],
    [
      "more paths than the launcher opens",
      { root: Array.from({ length: makerInputsMax + 1 }, (_, index) => bind(`/s/${index}`, `/s/${index}`)) },
      `systemd cannot be given more than ${makerInputsMax} paths; grant directories that hold them`,
    ],
  ])("refuses %s", (_, parts, message) => expect(() => call(parts)).toThrow(message));
});
