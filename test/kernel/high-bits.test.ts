/**
 * The kernel takes most arguments of system calls as 32 bits, and a filter sees 64: with high bits set a call is the
 * same call, to the kernel and to the filter.
 */
import { describe, expect, test } from "bun:test";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { installCupel } from "../support/run-cli.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

/** Numbers of system calls: x86-64 and arm64. */
const numbers =
  process.arch === "x64"
    ? {
        socket: 41,
        ioctl: 16,
        clone: 56,
        personality: 135,
        fchmod: 91,
        openat: 257,
        mknodat: 259,
        ptrace: 101,
        dup: 32,
      }
    : {
        socket: 198,
        ioctl: 29,
        clone: 220,
        personality: 92,
        fchmod: 52,
        openat: 56,
        mknodat: 33,
        ptrace: 117,
        dup: 23,
      };

/** What goes on top of the low half: one bit, all of them but the sign, the sign alone. */
const highs = [1n << 32n, 0x7fff_ffffn << 32n, -(1n << 63n)] as const;

interface FilteredCall {
  readonly name: keyof typeof numbers;
  readonly values: readonly number[];
  /** Which of them get the high bits; -1 is the call's own number. */
  readonly raised: number;
  readonly inside: string;
  readonly outside: string;
}

const [invalid, noType, creating, setUid] = [-1, 99, 0o100, 0o4755];
const newUserAndFs = 0x1000_0200;

/** None does anything outside that would have to be undone: a descriptor or a pointer is wrong, or flags contradict. */
const calls: readonly FilteredCall[] = [
  // AF_UNIX and AF_INET are allowed; AF_PACKET and AF_VSOCK are not, and the kernel would first look at the type.
  { name: "socket", values: [1, 1, 0], raised: 0, inside: "ok", outside: "ok" },
  { name: "socket", values: [2, 1, 0], raised: 0, inside: "ok", outside: "ok" },
  { name: "socket", values: [17, noType, 0], raised: 0, inside: "EAFNOSUPPORT", outside: "EINVAL" },
  { name: "socket", values: [40, noType, 0], raised: 0, inside: "EAFNOSUPPORT", outside: "EINVAL" },
  // TIOCSTI, TIOCLINUX, and TCGETS: what is no terminal says so, if it is asked.
  { name: "ioctl", values: [0, 0x5412, 0], raised: 1, inside: "EPERM", outside: "ENOTTY" },
  { name: "ioctl", values: [0, 0x541c, 0], raised: 1, inside: "EPERM", outside: "ENOTTY" },
  { name: "ioctl", values: [0, 0x5401, 0], raised: 1, inside: "ENOTTY", outside: "ENOTTY" },
  // CLONE_NEWUSER with CLONE_FS is refused by the kernel itself, but with another errno (clone(2)).
  { name: "clone", values: [newUserAndFs, 0, 0, 0, 0], raised: 0, inside: "EPERM", outside: "EINVAL" },
  // PER_LINUX32 and ADDR_COMPAT_LAYOUT.
  { name: "personality", values: [8], raised: 0, inside: "EPERM", outside: "ok" },
  { name: "personality", values: [0x020_0000], raised: 0, inside: "EPERM", outside: "ok" },
  { name: "fchmod", values: [invalid, setUid], raised: 1, inside: "EPERM", outside: "EBADF" },
  { name: "fchmod", values: [invalid, 0o755], raised: 1, inside: "EBADF", outside: "EBADF" },
  { name: "openat", values: [invalid, 0, creating, setUid], raised: 2, inside: "EPERM", outside: "EFAULT" },
  { name: "openat", values: [invalid, 0, creating, setUid], raised: 3, inside: "EPERM", outside: "EFAULT" },
  { name: "mknodat", values: [invalid, 0, setUid, 0], raised: 2, inside: "EPERM", outside: "EFAULT" },
  { name: "ptrace", values: [0x1000_0000, 1, 0, 0], raised: -1, inside: "EPERM", outside: "ESRCH" },
  { name: "dup", values: [invalid], raised: -1, inside: "EBADF", outside: "EBADF" },
];

function attemptsOf({ name, values, raised }: FilteredCall): Attempt[] {
  const words = [numbers[name], ...values].map(BigInt);
  const low = words[raised + 1] ?? 0n;
  const half = BigInt.asUintN(32, low);
  return [low, ...highs.map((high) => high + half)].map((value): Attempt => [
    "call",
    ...words.with(raised + 1, value).map(String),
  ]);
}

describe.each(callers)("called by $name", (caller) => {
  test.each(calls)("$name $values with high bits is the same call", async (call) => {
    const acts = attemptsOf(call);
    // The control: to the kernel it is the same call.
    expect(await attempt.outside(caller, acts)).toEqual(acts.map(() => call.outside));
    expect(await attempt.inside(caller, acts)).toEqual(acts.map(() => call.inside));
  });
});
