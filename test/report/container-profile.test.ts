import { expect, test } from "bun:test";
import { renderContainerProfile } from "../../src/report/container-profile.ts";

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: unknown;
  readonly includes?: unknown;
}

const profile = JSON.parse(renderContainerProfile()) as {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly Rule[];
};

const always = profile.syscalls.filter(({ args, includes }) => args === undefined && includes === undefined);
const allowed = always.flatMap(({ names }) => names);

test("denies what it does not name, as a call that the kernel does not have", () => {
  expect([profile.defaultAction, profile.defaultErrnoRet]).toEqual(["SCMP_ACT_ERRNO", 38]);
  expect(new Set(profile.syscalls.map(({ action }) => action))).toEqual(new Set(["SCMP_ACT_ALLOW"]));
});

test("allows what a sandbox is made with", () => {
  const needed =
    "unshare clone clone3 setns mount umount2 pivot_root mount_setattr open_tree move_mount sethostname keyctl";
  const landlock = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp prctl close_range openat2";
  expect(`${needed} ${landlock}`.split(" ").filter((name) => !allowed.includes(name))).toEqual([]);
});

test("allows nothing that reaches the whole machine, unless the container was given the privilege", () => {
  const dangerous =
    "bpf perf_event_open init_module finit_module delete_module kexec_load kexec_file_load reboot swapon " +
    "swapoff open_by_handle_at acct settimeofday clock_settime iopl ioperm userfaultfd quotactl nfsservctl";
  expect(dangerous.split(" ").filter((name) => allowed.includes(name))).toEqual([]);
});

test("names each call once", () => expect(allowed.filter((name, at) => allowed.indexOf(name) !== at)).toEqual([]));
