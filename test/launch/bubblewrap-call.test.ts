import { describe, expect, test } from "bun:test";
import { callBubblewrap } from "../../src/launch/bubblewrap-call.ts";
import type { StepBinding } from "../../src/launch/encode-root-step.ts";
import type { FoundKind } from "../../src/launch/look-up.ts";
import type { MadePlan, MakerCall } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const found: Readonly<Record<string, FoundKind>> = {
  "/proc/kcore": "file",
  "/proc/acpi": "directory",
  "/srv/state": "directory",
};

function madePlan(parts: Partial<LauncherPlan>): MadePlan {
  const maker = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
  return { ...barePlan(["/bin/true"], parts), maker };
}

function call(parts: Partial<LauncherPlan>, binding?: StepBinding): MakerCall {
  return callBubblewrap(madePlan(parts), (path) => found[path] ?? "none", binding);
}

/** The words that it reads from its descriptor. */
function wordsOf({ inputs }: MakerCall): string[] {
  const [first] = inputs;
  return first !== undefined && "content" in first
    ? Buffer.from(first.content).toString().split("\0").slice(0, -1)
    : [];
}

const always = [
  "--disable-userns",
  "--cap-drop",
  "ALL",
  "--new-session",
  "--die-with-parent",
  "--as-pid-1",
  "--clearenv",
];

/** What a root's steps become. */
function lower(...root: RootStep[]): string[] {
  return wordsOf(call({ root })).slice(always.length, -2);
}

const bind = {
  step: "bind",
  source: "/a",
  destination: "/b",
  writable: false,
  mapOwner: "no",
  optional: false,
} as const;

describe("callBubblewrap", () => {
  test("starts the launcher inside, by its descriptor, with nothing of the instructions in its words", () => {
    expect(
      call({ hostname: "job", inside: { uid: 7, gid: 8 }, namespaces: ["user", "mount", "pid", "network"] }),
    ).toEqual({
      path: "/usr/bin/bwrap",
      arguments: ["--args", "14", "--", "/proc/self/fd/11", "inside"],
      environment: {},
      startTimeoutMs: 20_000,
      inputs: [
        {
          content: Buffer.from(
            [
              "--unshare-user",
              "--unshare-pid",
              "--unshare-net",
              ...always,
              "--uid",
              "7",
              "--gid",
              "8",
              "--hostname",
              "job",
              "--chdir",
              "/",
            ]
              .map((word) => `${word}\0`)
              .join(""),
          ),
        },
      ],
    });
  });

  test("asks for each namespace that the plan has, and for no other", () => {
    const flags = (namespaces: LauncherPlan["namespaces"]) =>
      wordsOf(call({ namespaces })).slice(0, -always.length - 2);
    expect(flags(["user", "mount", "pid", "ipc", "uts", "cgroup", "network"])).toEqual([
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup-try",
      "--unshare-net",
    ]);
    expect(flags([])).toEqual([]);
  });

  test.each<[string, RootStep, readonly string[]]>([
    ["what every job sees", { step: "mirror", path: "/usr" }, ["--ro-bind-try", "/usr", "/usr"]],
    ["a grant, by descriptor", bind, ["--ro-bind-fd", "15", "/b"]],
    ["a grant to be written", { ...bind, writable: true }, ["--bind-fd", "15", "/b"]],
    ["what may be missing", { ...bind, optional: true }, ["--ro-bind-try", "/a", "/b"]],
    ["a directory", { step: "directory", destination: "/d", mode: 0o750 }, ["--perms", "0750", "--dir", "/d"]],
    ["a file", { step: "file", destination: "/f", content: "text" }, ["--perms", "0444", "--file", "15", "/f"]],
    ["a link", { step: "symlink", destination: "/l", target: "to" }, ["--symlink", "to", "/l"]],
    [
      "a file system in memory",
      { step: "tmpfs", destination: "/t", mode: 0o1777, sizeBytes: 4096, owned: true, writable: true },
      ["--perms", "1777", "--size", "4096", "--tmpfs", "/t"],
    ],
    [
      "a private one below directories that are not",
      { step: "tmpfs", destination: "/a/b/t", mode: 0o700, sizeBytes: 1, owned: true, writable: true },
      ["--dir", "/a", "--dir", "/a/b", "--perms", "0700", "--size", "1", "--tmpfs", "/a/b/t"],
    ],
    ["a /proc", { step: "proc", destination: "/proc" }, ["--proc", "/proc"]],
    [
      "a part of it that is not to be changed",
      { step: "read-only", destination: "/proc/sys" },
      ["--ro-bind-try", "/proc/sys", "/proc/sys"],
    ],
    ["the root, that is not to be changed", { step: "read-only", destination: "/" }, ["--remount-ro", "/"]],
    [
      "devices, and nothing beside them",
      { step: "devices", destination: "/dev", shmBytes: 4096 },
      ["--dev", "/dev", "--perms", "1777", "--size", "4096", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ],
  ])("says %s", (_name, step, words) => expect(lower(step)).toEqual([...words]));

  test("masks what is there to be seen, as what it is", () => {
    const proc = { step: "proc", destination: "/proc" } as const;
    const mask = (destination: string) => ({ step: "mask", destination }) as const;
    expect(lower(proc, mask("/proc/kcore"), mask("/proc/acpi"), mask("/proc/absent"))).toEqual([
      "--proc",
      "/proc",
      "--ro-bind",
      "/dev/null",
      "/proc/kcore",
      "--perms",
      "0555",
      "--tmpfs",
      "/proc/acpi",
      "--remount-ro",
      "/proc/acpi",
    ]);
  });

  test("masks nothing that no grant shows: the mask would tell of it", () => {
    const mask = { step: "mask", destination: "/srv/state" } as const;
    expect(lower(mask)).toEqual([]);
    expect(lower({ ...bind, destination: "/srv" }, mask).slice(3)).toEqual([
      "--perms",
      "0555",
      "--tmpfs",
      "/srv/state",
      "--remount-ro",
      "/srv/state",
    ]);
  });

  test("numbers what it finds at descriptors in the order in which it gets them", () => {
    const root: RootStep[] = [bind, { step: "file", destination: "/f", content: "text" }, { ...bind, source: "/c" }];
    const made = call({ root });
    expect(wordsOf(made).filter((word) => /^1\d$/.test(word))).toEqual(["15", "16", "17"]);
    expect(made.inputs.slice(1)).toEqual([{ source: "/a" }, { content: Buffer.from("text") }, { source: "/c" }]);
  });

  test("puts a content in that the plan only names, for the job's user alone", () => {
    const root: RootStep[] = [{ step: "given", destination: "/s", content: "TOKEN" }];
    const made = call({ root }, { given: new Map([["TOKEN", Uint8Array.of(0, 255)]]) });
    expect(wordsOf(made).slice(always.length, -2)).toEqual(["--perms", "0400", "--file", "15", "/s"]);
    expect(made.inputs.slice(1)).toEqual([{ content: Uint8Array.of(0, 255) }]);
    expect(() => call({ root })).toThrow("There is no content for TOKEN");
  });

  test("refuses more than it can be given", () => {
    const grants = (count: number): RootStep[] =>
      Array.from({ length: count }, (_, at) => ({ ...bind, source: `/${at}`, destination: `/${at}` }));
    expect(call({ root: grants(255) }).inputs.length).toBe(256);
    expect(() => call({ root: grants(256) })).toThrow(
      "bubblewrap cannot be given more than 255 paths and files; grant directories that hold them",
    );
  });

  test("shows a copy of the workspace from where it was made", () => {
    const made = call({ root: [{ step: "copy", source: "/w", destination: "/w" }] }, { layer: "/state/layer" });
    expect(wordsOf(made)).toContain("--bind-fd");
    expect(made.inputs.slice(1)).toEqual([{ source: "/state/layer/upper" }]);
  });

  test.each<[RootStep, string]>([
    [{ step: "overlay", source: "/w", destination: "/w", mapOwner: "no" }, "bubblewrap cannot lay a layer over /w"],
    [
      { step: "tmpfs", destination: "/t", mode: 0, sizeBytes: 1, filesMax: 1, owned: true, writable: true },
      "bubblewrap cannot cap the number of files in /t",
    ],
    [
      { step: "devices", destination: "/dev", shmBytes: 1, shmFilesMax: 1 },
      "bubblewrap cannot cap the number of files in /dev/shm",
    ],
    [{ step: "copy", source: "/w", destination: "/w" }, "There is no place for what the job changes"],
  ])("refuses what it has no word for: %j", (step, message) => {
    expect(() => call({ root: [step] })).toThrow(message);
  });
});
