import { describe, expect, test } from "bun:test";
import kernelSettings from "../../src/probes/kernel-settings.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const config = [
  "# Linux/x86 6.8.0 Kernel Configuration",
  "CONFIG_NAMESPACES=y",
  "CONFIG_USER_NS=y",
  "CONFIG_CGROUPS=y",
  "CONFIG_SECCOMP_FILTER=y",
  "CONFIG_OVERLAY_FS=m",
  "# CONFIG_KVM is not set",
  'CONFIG_LSM="landlock,lockdown,yama"',
  "",
].join("\n");

function find(files: Readonly<Record<string, FixtureFile>>, facts: string = surfaceAsUser["kernel-facts"]) {
  return kernelSettings.run(
    createFixtureContext({ host: { files }, helpers: { transcripts: { "kernel-facts": facts } } }),
  );
}

test("a distribution's kernel, with securityfs", async () => {
  const found = await find(
    {
      "/proc/sys/kernel/osrelease": "6.8.0-45-generic\n",
      "/boot/config-6.8.0-45-generic": config,
      "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet lsm=landlock,yama mitigations=off api_token=secret\n",
      "/sys/kernel/security/lsm": "lockdown,capability,landlock,yama,apparmor",
      "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    },
    "modules ENOSYS",
  );
  expect(printFindings(found)).toMatchInlineSnapshot(`
    "
    host.config: works (declared) = /boot/config-6.8.0-45-generic
      /boot/config-6.8.0-45-generic: 5 of 25 options that sandboxes rest on are set; not set: PID_NS, NET_NS, IPC_NS, UTS_NS, TIME_NS, CGROUP_PIDS, MEMCG, CFS_BANDWIDTH, CPUSETS, CGROUP_FREEZER, SECURITY_LANDLOCK, SECURITY_YAMA, BPF_SYSCALL, BPF_LSM, FUSE_FS, TUN, VETH, KVM, VHOST_VSOCK, BINFMT_MISC
      | read /proc/config.gz -> ENOENT
      | read /boot/config-6.8.0-45-generic -> 6 options set
      | look for options that sandboxes rest on -> set: NAMESPACES, USER_NS, CGROUPS, SECCOMP_FILTER, OVERLAY_FS
      | of these built as modules -> OVERLAY_FS
    host.command-line: works (declared) = lsm=landlock,yama mitigations=off
      2 of 7 parameters change what a sandbox can do: lsm=landlock,yama mitigations=off
      | read /proc/cmdline -> 7 parameters
      | keep those that change what a sandbox can do -> lsm=landlock,yama mitigations=off
    host.lsm-list: works (declared) = lockdown,capability,landlock,yama,apparmor
      active: lockdown, capability, landlock, yama, apparmor
      | lsm_list_modules() -> ENOSYS
      | read /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor
    host.lockdown: works (declared) = integrity
      integrity: even root may not change the running kernel
      | read /sys/kernel/security/lockdown -> none [integrity] confidentiality
      | look for lockdown among the security modules -> active
    "
  `);
});

test("a small guest without securityfs: the kernel is asked", async () => {
  expect(printFindings(await kernelSettings.run(createFixtureContext(fixtures.firecrackerUser))))
    .toMatchInlineSnapshot(`
    "
    host.config: absent (declared)
      this kernel's configuration is nowhere to be read; the other probes do not need it
      | read /proc/config.gz -> ENOENT
      | read /boot/config-6.18.44-fc-v669 -> ENOENT
      | read /lib/modules/6.18.44-fc-v669/config -> ENOENT
      | read /usr/lib/modules/6.18.44-fc-v669/config -> ENOENT
      | read /lib/modules/6.18.44-fc-v669/build/.config -> ENOENT
    host.command-line: works (declared) = nested_pvm=1
      1 of 8 parameters change what a sandbox can do: nested_pvm=1
      | read /proc/cmdline -> 8 parameters
      | keep those that change what a sandbox can do -> nested_pvm=1
    host.lsm-list: works (declared) = lockdown,capability,landlock,bpf
      active: lockdown, capability, landlock, bpf
      | lsm_list_modules() -> lockdown,capability,landlock,bpf
      | read /sys/kernel/security/lsm -> ENOENT
    host.lockdown: unknown (inferred)
      its mode cannot be read: securityfs is not to be seen here
      | read /sys/kernel/security/lockdown -> ENOENT
      | look for lockdown among the security modules -> active
    "
  `);
});

test("nothing can be read", async () => {
  expect(printFindings(await kernelSettings.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    host.config: absent (declared)
      this kernel's configuration is nowhere to be read; the other probes do not need it
      | read /proc/config.gz -> ENOENT
    host.command-line: unknown (inferred)
      the kernel's command line cannot be read
      | read /proc/cmdline -> ENOENT
    host.lsm-list: unknown (inferred)
      neither the kernel nor securityfs says which security modules are active
      | lsm_list_modules() -> not reached
      | read /sys/kernel/security/lsm -> ENOENT
    host.lockdown: unknown (inferred)
      its mode cannot be read: securityfs is not to be seen here
      | read /sys/kernel/security/lockdown -> ENOENT
      | look for lockdown among the security modules -> cannot be told
    "
  `);
});

describe("the kernel's own configuration", () => {
  test("is compressed", async () => {
    const found = await find({ "/proc/config.gz": { bytes: Bun.gzipSync(config) } });
    expect(found["host.config"]).toMatchObject({ state: "works", value: "/proc/config.gz" });
  });

  test.each([
    ["garbage", new Uint8Array([31, 139, 8, 0, 255, 255])],
    ["a file that inflates without end", Bun.gzipSync(new Uint8Array(64 * 1024 * 1024))],
  ])("may be %s", async (_, bytes) => {
    const found = await find({ "/proc/config.gz": { bytes } });
    expect(found["host.config"]?.state).toBe("absent");
    expect(found["host.config"]?.evidence[0]?.result).toMatch(/^(?:Z_|ERR_)/);
  });

  test("a release that is no file name is not looked for", async () => {
    const found = await find({
      "/proc/sys/kernel/osrelease": "../../etc/passwd\n",
      "/boot/config-../../etc/passwd": config,
    });
    expect(found["host.config"]?.evidence.map(({ action }) => action)).toEqual(["read /proc/config.gz"]);
  });
});

test("lockdown that is not among the modules", async () => {
  const found = await find({}, "modules ok 2 100 110");
  expect(printFindings({ lsm: found["host.lsm-list"], lockdown: found["host.lockdown"] })).toMatchInlineSnapshot(`
    "
    lsm: works (declared) = capability,landlock
      active: capability, landlock
      | lsm_list_modules() -> capability,landlock
      | read /sys/kernel/security/lsm -> ENOENT
    lockdown: absent (declared)
      not among the active security modules: root may change the running kernel
      | read /sys/kernel/security/lockdown -> ENOENT
      | look for lockdown among the security modules -> not active
    "
  `);
});

test("a module of a newer kernel is told by its number", async () => {
  expect((await find({}, "modules ok 2 100 199"))["host.lsm-list"].value).toBe("capability,module 199");
});
