/** Who denies an interface, by the example of two: judged as the probe `kernel-interfaces` has it judged. */
import { describe, expect, test } from "bun:test";
import kernelInterfaces from "../../src/probes/kernel-interfaces.ts";
import { surfaceAsRoot, surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";

const hostIds = { "/proc/self/uid_map": "         0          0 4294967295\n" };

function find(interfaces: string, files: Readonly<Record<string, FixtureFile>> = {}) {
  return kernelInterfaces.run(
    createFixtureContext({ host: { files: { ...hostIds, ...files } }, helpers: { transcripts: { interfaces } } }),
  );
}

/** What decides, of one finding: state, causes with their details, what was ruled out. */
async function essence(id: string, interfaces: string, files: Readonly<Record<string, FixtureFile>> = {}) {
  const found: Readonly<Record<string, Awaited<ReturnType<typeof find>>[keyof Awaited<ReturnType<typeof find>>]>> =
    await find(interfaces, files);
  const { state, blockers = [], ruledOut = [] } = found[id] ?? {};
  return [state, ...blockers.map(({ code, detail }) => `${code}: ${detail}`), ...ruledOut.map((code) => `not ${code}`)];
}

describe("io_uring", () => {
  const denied = (changes: Readonly<Record<string, string | undefined>>, root = false): string =>
    altered(root ? surfaceAsRoot.interfaces : surfaceAsUser.interfaces, {
      "io-uring-setup": "EPERM",
      "io-uring-submit": undefined,
      ...changes,
    });
  const disabled = (value: number) => ({ "/proc/sys/kernel/io_uring_disabled": `${value}\n` });

  test.each([
    [
      "a filter",
      denied({ "seccomp-mode": "ok 2", "io-uring-enter-bad": "EPERM" }),
      disabled(0),
      ["blocked", "seccomp: a system call filter denies io_uring (EPERM)", "not sysctl"],
    ],
    [
      "a filter and the setting",
      denied({ "seccomp-mode": "ok 2", "io-uring-enter-bad": "EPERM" }),
      disabled(2),
      ["blocked", "seccomp: a system call filter denies io_uring (EPERM)", "sysctl: kernel.io_uring_disabled is 2"],
    ],
    [
      "the setting, under a filter that lets it pass",
      denied({ "seccomp-mode": "ok 2" }),
      disabled(2),
      ["blocked", "sysctl: kernel.io_uring_disabled is 2", "not seccomp"],
    ],
    [
      "a filter on the set-up alone",
      denied({ "seccomp-mode": "ok 2" }),
      disabled(0),
      ["blocked", "seccomp: a system call filter is in force, and nothing else denies io_uring (EPERM)", "not sysctl"],
    ],
    [
      "the setting denies it even to root",
      denied({}, true),
      disabled(2),
      ["blocked", "sysctl: kernel.io_uring_disabled is 2", "not seccomp"],
    ],
    [
      "the setting's 1 is not root's cause",
      denied({}, true),
      disabled(1),
      [
        "blocked",
        "unknown: neither a setting nor a filter denies io_uring (EPERM): a security module may",
        "not seccomp",
        "not sysctl",
      ],
    ],
    [
      "in a user namespace root is nobody",
      denied({}, true),
      { ...disabled(1), "/proc/self/uid_map": "0 1000 1\n" },
      ["blocked", "sysctl: kernel.io_uring_disabled is 1", "not seccomp"],
    ],
    [
      "AppArmor",
      denied({}),
      { ...disabled(0), "/proc/sys/kernel/apparmor_restrict_unprivileged_io_uring": "1\n" },
      ["blocked", "lsm:apparmor: kernel.apparmor_restrict_unprivileged_io_uring is 1", "not seccomp", "not sysctl"],
    ],
    [
      "not built",
      denied({ "io-uring-enter-bad": "ENOSYS", "io-uring-setup": "ENOSYS" }),
      {},
      ["absent", "kernel-config: this kernel has no io_uring (ENOSYS)"],
    ],
    [
      "not built, or hidden",
      denied({ "seccomp-mode": "ok 2", "io-uring-enter-bad": "ENOSYS", "io-uring-setup": "ENOSYS" }),
      {},
      ["absent", "kernel-config: this kernel has no io_uring (ENOSYS), or a filter says so"],
    ],
    [
      "hidden by a filter",
      denied({ "seccomp-mode": "ok 2", "io-uring-enter-bad": "ENOSYS", "io-uring-setup": "ENOSYS" }),
      disabled(0),
      ["blocked", "seccomp: a system call filter denies io_uring (ENOSYS)", "not sysctl"],
    ],
    [
      "no memory may be locked",
      denied({ "io-uring-setup": "ENOMEM" }),
      disabled(0),
      ["blocked", "rlimit: io_uring fails with ENOMEM: RLIMIT_MEMLOCK leaves no room for it"],
    ],
  ])("%s", async (_, transcript, files, expected) => {
    expect(await essence("interface.io-uring", transcript, files)).toEqual(expected);
  });
});

test("bpf: an older kernel heeds its setting before it looks at arguments", async () => {
  const transcript = altered(surfaceAsUser.interfaces, { "seccomp-mode": "ok 2", "bpf-bad": "EPERM" });
  const files = { "/proc/sys/kernel/unprivileged_bpf_disabled": "2\n" };
  expect(await essence("interface.bpf", transcript, files)).toEqual([
    "blocked",
    "sysctl: kernel.unprivileged_bpf_disabled is 2",
  ]);
});
