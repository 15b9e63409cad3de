import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import {
  encodeGoodbye,
  encodeInstruction,
  encodeResidentJob,
  type ResidentJob,
} from "../../src/launch/encode-instruction.ts";
import type { LaunchBinding } from "../../src/launch/launch-binding.ts";
import { instructionBytesMax } from "../../src/launch/protocol.ts";
import { defaultSeccompProfile } from "../../src/launch/seccomp-profile.ts";
import { CupelError } from "../../src/model/error.ts";
import type { LauncherPlan, NamespaceKind } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction, type DecodedRecord } from "../support/decode-instruction.ts";

const binding: LaunchBinding = {
  outside: { uid: 1001, gid: 1002 },
  controlGroups: [],
  rehearsal: false,
  architecture: "x64",
};

function decode(plan: LauncherPlan, parts: Partial<LaunchBinding> = {}): DecodedRecord[] {
  return decodeInstruction(encodeInstruction(plan, { ...binding, ...parts }));
}

function recordsOf(kind: string, plan: LauncherPlan, parts: Partial<LaunchBinding> = {}): unknown[][] {
  return decode(plan, parts).flatMap(([name, ...fields]) => (name === kind ? [fields] : []));
}

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("encodeInstruction", () => {
  test("writes a small plan byte by byte", () => {
    const plan = barePlan(["/bin/a"], { environment: { A: "b" }, timeoutMs: 1500, graceMs: 2000 });
    const bytes = encodeInstruction(plan, binding);
    const golden = [
      "4355504c 0c000000 9d000000",
      "0100 0000 10000000 e9030000 ea030000 e9030000 ea030000",
      "0200 0000 08000000 0000000000000000",
      "0300 0000 08000000 00000000 12000000",
      "0500 0000 06000000 01000000 2f 00",
      "0c00 0000 20000000 dc05000000000000 d007000000000000 0000000000000000 0000000000000000",
      "0600 0000 0b000000 06000000 2f62696e2f61 00",
      "0700 0000 08000000 03000000 413d62 00",
    ];
    expect(Buffer.from(bytes).toString("hex")).toBe(golden.join("").replaceAll(" ", ""));
  });

  test("says every part of a whole plan", () => {
    const plan = barePlan(["/bin/echo", "", "süß"], {
      namespaces: ["user", "mount", "pid", "ipc", "uts", "cgroup", "network"],
      outside: "fresh",
      inside: { uid: 1000, gid: 1000 },
      hostname: "job",
      loopbackUp: true,
      directory: "/work",
      environment: { PATH: "/bin", EMPTY: "" },
      umask: 0o077,
      resourceLimits: { core: 0, openFiles: 1024, processes: 2 ** 40, cpuSeconds: 3, fileBytes: 2 ** 33 },
      dropCapabilities: true,
      seccomp: "default",
      landlockScopes: ["signal", "abstract-unix-socket"],
      landlockVersion: 7,
      terminal: "private",
      timeoutMs: 2 ** 53 - 1,
      graceMs: 0,
      cpuTimeMs: 1,
      idleMs: 2,
      output: { bytesMax: 2 ** 34, beyond: "kill" },
    });
    expect(decode(plan, { controlGroups: ["/sys/fs/cgroup/a", "/sys/fs/cgroup/b"], rehearsal: true })).toEqual([
      ["identity", 1000, 1000, 1001, 1002],
      ["namespaces", 0x7e02_0000],
      ["options", 1 + 2 + 4 + 8 + 32, 0o077],
      ["hostname", "job"],
      ["directory", "/work"],
      ["resourceLimit", 0, 3, 4],
      ["resourceLimit", 1, 2 ** 33, 2 ** 33],
      ["resourceLimit", 4, 0, 0],
      ["resourceLimit", 6, 2 ** 40, 2 ** 40],
      ["resourceLimit", 7, 1024, 1024],
      ["output", 2 ** 34, 1],
      ["controlGroup", "/sys/fs/cgroup/a"],
      ["controlGroup", "/sys/fs/cgroup/b"],
      ["time", 2 ** 53 - 1, 0, 1, 2],
      ["seccomp", compileSeccomp(defaultSeccompProfile, "x64")],
      ["landlock", 3, 0, 7],
      ["argument", "/bin/echo"],
      ["argument", ""],
      ["argument", "süß"],
      ["variable", "PATH=/bin"],
      ["variable", "EMPTY="],
    ]);
  });

  test("says to a resident launcher what its jobs have in common, and how", () => {
    const resident = { sharesRoot: true, captureBytesMax: 2 ** 40 };
    expect(recordsOf("capture", barePlan(["a"]), { resident })).toEqual([[2 ** 40]]);
    expect(recordsOf("options", barePlan(["a"]), { resident })).toEqual([[16, 0o022]]);
    expect(recordsOf("options", barePlan(["a"]), { resident: { ...resident, sharesRoot: false } })).toEqual([
      [0, 0o022],
    ]);
    expect([recordsOf("capture", barePlan(["a"])), recordsOf("options", barePlan(["a"]))]).toEqual([[], [[0, 0o022]]]);
  });

  test("says what runs before the job", () =>
    expect(recordsOf("setupArgument", barePlan(["a"], { setup: ["b", ""] }))).toEqual([["b"], [""]]));

  test("says every step of a root, in the plan's order", () => {
    const bind = { step: "bind", source: "/s", destination: "/d", optional: false, writable: false } as const;
    const root: RootStep[] = [
      { step: "mirror", path: "/usr" },
      { ...bind, mapOwner: "no" },
      { ...bind, mapOwner: "must", writable: true, optional: true },
      { ...bind, mapOwner: "if-possible" },
      {
        step: "tmpfs",
        destination: "/tmp",
        mode: 0o1777,
        sizeBytes: 2 ** 33,
        filesMax: 64,
        owned: true,
        writable: true,
      },
      { step: "tmpfs", destination: "/ro", mode: 0o755, sizeBytes: 0, owned: false, writable: false },
      { step: "directory", destination: "/etc", mode: 0o755 },
      { step: "file", destination: "/etc/motd", content: "süß\0\n" },
      { step: "symlink", destination: "/lib", target: "usr/lib" },
      { step: "proc", destination: "/proc" },
      { step: "read-only", destination: "/proc/sys" },
      { step: "mask", destination: "/proc/kcore" },
      { step: "devices", destination: "/dev", shmBytes: 2 ** 30, shmFilesMax: 32 },
    ];
    const records = decode(barePlan(["/bin/a"], { root }));
    expect(records.slice(4, -3)).toEqual([
      ["mirror", "/usr"],
      ["bind", 0, "/s", "/d"],
      ["bind", 1 + 2 + 8, "/s", "/d"],
      ["bind", 4, "/s", "/d"],
      ["tmpfs", 1 + 16, 0o1777, 2 ** 33, 64, "/tmp"],
      ["tmpfs", 0, 0o755, 0, 0, "/ro"],
      ["makeDirectory", 0o755, "/etc"],
      ["file", 0, 0o444, "/etc/motd", new TextEncoder().encode("süß\0\n")],
      ["symlink", "/lib", "usr/lib"],
      ["proc", "/proc"],
      ["readOnly", "/proc/sys"],
      ["mask", "/proc/kcore"],
      ["devices", 2 ** 30, 32, "/dev"],
    ]);
  });

  test.each([
    ["mount", 0x0002_0000],
    ["cgroup", 0x0200_0000],
    ["uts", 0x0400_0000],
    ["ipc", 0x0800_0000],
    ["user", 0x1000_0000],
    ["pid", 0x2000_0000],
    ["network", 0x4000_0000],
  ] as const satisfies readonly (readonly [NamespaceKind, number])[])(
    "asks for %s by the kernel's flag",
    (kind, flag) => {
      expect(recordsOf("namespaces", barePlan(["a"], { namespaces: [kind] }))).toEqual([[flag]]);
    },
  );

  test("says no time for none, and one scope of Landlock alone", () => {
    const plan = barePlan(["a"], { landlockScopes: ["abstract-unix-socket"], graceMs: 7 });
    expect(recordsOf("time", plan)).toEqual([[0, 7, 0, 0]]);
    expect(recordsOf("landlock", plan)).toEqual([[1, 0, 0]]);
    expect(recordsOf("landlock", barePlan(["a"], { landlockScopes: ["signal"] }))).toEqual([[2, 0, 0]]);
    expect(recordsOf("landlock", barePlan(["a"], { landlockVersion: 2 }))).toEqual([[0, 0, 2]]);
    expect(recordsOf("landlock", barePlan(["a"], { landlockNetwork: "denied" }))).toEqual([[0, 3, 0]]);
    expect(recordsOf("landlock", barePlan(["a"]))).toEqual([]);
  });

  test("takes the ids outside for those inside where the plan names none", () => {
    const plan = barePlan(["a"]);
    expect(recordsOf("identity", plan, { outside: { uid: 0x7fff_ffff, gid: 0xffff_fffe } })).toEqual([
      [0x7fff_ffff, 0xffff_fffe, 0x7fff_ffff, 0xffff_fffe],
    ]);
  });

  test("loads the filter of the architecture that it is for", () => {
    const plan = barePlan(["a"], { seccomp: "default" });
    expect(recordsOf("seccomp", plan, { architecture: "arm64" })).toEqual([
      [compileSeccomp(defaultSeccompProfile, "arm64")],
    ]);
  });

  test.each([
    ["an argument", barePlan(["/bin/a", "b\0c"]), "b\\u0000c"],
    ["a variable", barePlan(["a"], { environment: { A: "\0" } }), "A=\\u0000"],
    ["a path", barePlan(["a"], { root: [{ step: "mask", destination: "/a\0/b" }] }), "/a\\u0000/b"],
    ["the directory", barePlan(["a"], { directory: "/\0" }), "/\\u0000"],
  ])("refuses a NUL in %s, and shows it", (_, plan, shown) => {
    const error = failure(() => encodeInstruction(plan, binding));
    expect(error).toEqual(
      new CupelError("usage", `"${shown}" holds a NUL byte, which no path or argument can; remove it`),
    );
  });

  test("refuses what is longer than an instruction may be, and takes what is just as long", () => {
    const overhead = encodeInstruction(barePlan(["/bin/a", ""]), binding).length;
    const longest = "x".repeat(instructionBytesMax - overhead);
    expect(encodeInstruction(barePlan(["/bin/a", longest]), binding).length).toBe(instructionBytesMax);
    const error = failure(() => encodeInstruction(barePlan(["/bin/a", `${longest}x`]), binding));
    expect(error).toBeInstanceOf(CupelError);
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining("longer than 4 MiB") });
  });

  test("gives every word back as it was, whatever it is", () => {
    const word = fc.string({ unit: "binary" }).map((text) => text.toWellFormed().replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.dictionary(word, word), (words, environment) => {
        const plan = barePlan(words as [string, ...string[]], { environment });
        expect(recordsOf("argument", plan).flat()).toEqual(words);
        expect(recordsOf("variable", plan).flat()).toEqual(
          Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        );
      }),
    );
  });

  test("is pure: the same bytes again, and a plan that is as it was", () => {
    const plan = barePlan(["/bin/a"], { root: [{ step: "mirror", path: "/usr" }], seccomp: "default" });
    const copy = structuredClone(plan);
    expect(encodeInstruction(plan, binding)).toEqual(encodeInstruction(plan, binding));
    expect(plan).toEqual(copy);
  });
});

const job: ResidentJob = {
  command: ["/bin/echo", "", "süß"],
  environment: { A: "1", EMPTY: "" },
  directory: "/work",
  timeoutMs: 5,
  cpuTimeMs: 8,
  idleMs: 9,
  graceMs: 7,
  controlGroups: ["/sys/fs/cgroup/a/1", "/sys/fs/cgroup/b/1"],
};

describe("encodeResidentJob", () => {
  test("says what is the job's own, and nothing of what is the shape's", () =>
    expect(decodeInstruction(encodeResidentJob(job))).toEqual([
      ["directory", "/work"],
      ["controlGroup", "/sys/fs/cgroup/a/1"],
      ["controlGroup", "/sys/fs/cgroup/b/1"],
      ["time", 5, 7, 8, 9],
      ["argument", "/bin/echo"],
      ["argument", ""],
      ["argument", "süß"],
      ["variable", "A=1"],
      ["variable", "EMPTY="],
    ]));

  test("says no cap on time as 0", () => {
    const { timeoutMs: _, cpuTimeMs: __, idleMs: ___, ...rest } = job;
    expect(decodeInstruction(encodeResidentJob(rest))).toContainEqual(["time", 0, 7, 0, 0]);
  });

  test.each<[string, Partial<ResidentJob>, RegExp]>([
    ["a word with a NUL", { command: ["a\0b"] }, /NUL/],
    ["a value with a NUL", { environment: { A: "\0" } }, /NUL/],
    ["more than fits", { command: ["a".repeat(instructionBytesMax)] }, /longer than 4 MiB/],
  ])("refuses %s", (_name, parts, message) => {
    const error = failure(() => encodeResidentJob({ ...job, ...parts }));
    expect(error).toBeInstanceOf(CupelError);
    expect(error).toMatchObject({ code: "usage", message: expect.stringMatching(message) });
  });
});

describe("encodeGoodbye", () => {
  test("is a header and no record", () => {
    expect(decodeInstruction(encodeGoodbye())).toEqual([]);
    expect(encodeGoodbye()).toHaveLength(12);
  });
});
