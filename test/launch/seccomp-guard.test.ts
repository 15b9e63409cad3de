import { describe, expect, test } from "bun:test";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { guardProfile } from "../../src/launch/seccomp-guard.ts";
import { systemCallNumber, type SystemCallName } from "../../src/launch/system-call-numbers.ts";
import { parseProgram, runProgram, type CallVerdict } from "../support/bpf-interpreter.ts";

const architectures = [
  ["x64", 0xc000_003e],
  ["arm64", 0xc000_00b7],
] as const;

describe.each(architectures)("the guard on %s", (architecture, audit) => {
  const program = parseProgram(compileSeccomp(guardProfile, architecture));

  function verdict(name: SystemCallName, ...values: readonly number[]): CallVerdict | undefined {
    const number = systemCallNumber(name, architecture);
    return number === undefined
      ? undefined
      : runProgram(program, { architecture: audit, number, arguments: values.map(BigInt) });
  }

  test.each(["fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat"] as const)("asks about %s", (name) =>
    expect(verdict(name)).toBe("ask"),
  );

  test("asks about the older calls where there are any", () => {
    const older = ["chmod", "chown", "lchown", "utime", "utimes", "futimesat"] as const;
    const asked = architecture === "x64" ? "ask" : undefined;
    expect(older.map((name) => verdict(name))).toEqual(older.map(() => asked));
  });

  test.each([
    ["setxattr", 95],
    ["fgetxattr", 95],
    ["listxattrat", 95],
    ["file_setattr", 38],
    ["shmget", 38],
    ["semop", 38],
    ["msgrcv", 38],
    ["mq_open", 38],
  ] as const)("answers %s with %d", (name, errno) => expect(verdict(name)).toEqual({ errno }));

  test.each([
    ["FS_IOC_SETFLAGS", 0x4008_6602, { errno: 25 }],
    ["FS_IOC_FSSETXATTR", 0x401c_5820, { errno: 25 }],
    ["FS_IOC_ENABLE_VERITY", 0x4080_6685, { errno: 25 }],
    ["BTRFS_IOC_SUBVOL_CREATE", 0x5000_940e, { errno: 25 }],
    ["FAT_IOCTL_SET_ATTRIBUTES", 0x4004_7211, { errno: 25 }],
    ["FICLONE", 0x4004_9409, "allow"],
    ["FIONREAD", 0x541b, "allow"],
    ["FS_IOC_GETFLAGS", 0x8008_6601, "allow"],
    ["TCGETS", 0x5401, "allow"],
  ] as const)("looks at the command of ioctl: %s", (_, command, answer) =>
    expect(verdict("ioctl", 3, command)).toEqual(answer),
  );

  test.each([
    ["one's own limits", [0, 7, 0x1000], "allow"],
    ["limits of another, to read", [77, 7, 0, 0x1000], "allow"],
    ["limits of another, to set", [77, 7, 0x1000], { errno: 1 }],
    ["the same, by a pointer whose low half is 0", [77, 7, 0x7f00_0000_0000], { errno: 1 }],
  ] as const)("lets %s: prlimit64", (_, values, answer) => expect(verdict("prlimit64", ...values)).toEqual(answer));

  test.each([
    ["setpriority", [0, 0, 5], "allow"],
    ["setpriority", [0, 77, 5], { errno: 1 }],
    ["setpriority", [2, 0, 5], { errno: 1 }],
    ["ioprio_set", [1, 0, 5], "allow"],
    ["ioprio_set", [3, 0, 5], { errno: 1 }],
    ["sched_setaffinity", [0, 8, 1], "allow"],
    ["sched_setaffinity", [77, 8, 1], { errno: 1 }],
    ["sched_setattr", [77, 1, 0], { errno: 1 }],
  ] as const)("has %s of the process itself alone: %j", (name, values, answer) =>
    expect(verdict(name, ...values)).toEqual(answer),
  );

  test("has no say in anything else", () =>
    expect(
      new Set((["openat", "write", "socket", "ptrace", "truncate"] as const).map((name) => verdict(name))),
    ).toEqual(new Set(["allow"])));
});
