import { describe, expect, test } from "bun:test";
import type { BlockerCode } from "../../src/model/capability.ts";
import { attributeUserNamespaces } from "../../src/probes/_attribute-user-namespaces.ts";
import type { LaunchFailure, NamespaceFacts } from "../../src/probes/_namespace-facts.ts";
import { readSteps } from "../../src/probes/_steps.ts";
import { altered, asRoot, asUser, notReached } from "../fixtures/hosts/transcripts.ts";
import { steps } from "../support/fixture-host.ts";

interface Case {
  readonly what: string;
  readonly failure: LaunchFailure;
  /** What the prober saw that it does not see on a host without restrictions. */
  readonly seen: Readonly<Record<string, string | undefined>>;
  readonly asRoot?: boolean;
  readonly more?: Partial<NamespaceFacts>;
  readonly causes: readonly BlockerCode[];
  readonly ruledOut?: readonly BlockerCode[];
  readonly detail?: string;
}

function fail(step: string, errno: string, subject = ""): LaunchFailure {
  return { step, errno, subject };
}

function attribute({ failure, seen, asRoot: isRoot = false, more = {} }: Case) {
  const transcript = altered(isRoot ? asRoot.attribution : asUser.attribution, seen);
  const reading = readSteps("attribution", { status: "ended", steps: steps(transcript), durationMs: 1 });
  return attributeUserNamespaces({ failure, reading, settings: {}, selinuxEnforcing: false, procCovers: [], ...more });
}

const deniedCreation = { ...notReached, "clone-user": "EPERM", "unshare-user": "EPERM" };

const cases: readonly Case[] = [
  {
    what: "a filter on unshare and clone",
    failure: fail("clone", "EPERM"),
    seen: {
      ...deniedCreation,
      "seccomp-mode": "ok 2",
      "unshare-zero": "EPERM",
      "clone-bad-user": "EPERM",
      "clone3-null": "ENOSYS",
    },
    causes: ["seccomp"],
    ruledOut: ["chroot", "sysctl", "no-new-privs"],
    detail: "a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM)",
  },
  {
    what: "a filter that looks at flags, as systemd's RestrictNamespaces= does",
    failure: fail("clone", "EPERM"),
    seen: { ...deniedCreation, "seccomp-mode": "ok 2", "unshare-bad-user": "EPERM", "clone-bad-user": "EPERM" },
    causes: ["seccomp"],
    detail: "a system call filter denies unshare(CLONE_NEWUSER) (EPERM), clone(CLONE_NEWUSER) (EPERM)",
  },
  {
    what: "a filter on clone3 that does not say ENOSYS",
    failure: fail("clone", "EPERM"),
    seen: { "seccomp-mode": "ok 2", "clone3-null": "EPERM" },
    causes: ["seccomp"],
    detail: "a system call filter denies clone3 (EPERM)",
  },
  {
    what: "a filter on mounts, which namespaces do not need",
    failure: fail("clone", "ENOSPC"),
    seen: {
      ...notReached,
      "seccomp-mode": "ok 2",
      "mount-bad": "EPERM",
      "clone-user": "ENOSPC",
      "unshare-user": "ENOSPC",
    },
    causes: ["ns-limit"],
    ruledOut: ["seccomp"],
  },
  {
    what: "the same errno as a filter's, without a filter",
    failure: fail("clone", "EPERM"),
    seen: { ...deniedCreation, "unshare-zero": "EPERM" },
    causes: ["unknown"],
    ruledOut: ["seccomp"],
  },
  {
    what: "a chroot",
    failure: fail("clone", "EPERM"),
    seen: { ...deniedCreation, "root-is-mount-root": "ok 0" },
    causes: ["chroot"],
    ruledOut: ["seccomp", "ns-limit", "sysctl"],
  },
  {
    what: "a chroot, for root's mounts",
    failure: fail("mount-private", "EINVAL", "/"),
    seen: { ...deniedCreation, "root-is-mount-root": "ok 0" },
    asRoot: true,
    causes: ["chroot"],
    ruledOut: ["mount-propagation"],
  },
  {
    what: "a chroot and a filter at once",
    failure: fail("clone", "EPERM"),
    seen: { ...deniedCreation, "root-is-mount-root": "ok 0", "seccomp-mode": "ok 2", "unshare-zero": "EPERM" },
    causes: ["seccomp", "chroot"],
  },
  {
    what: "a chroot onto a mount point, which cannot be told from none",
    failure: fail("clone", "EPERM"),
    seen: deniedCreation,
    causes: ["unknown"],
    ruledOut: ["seccomp", "ns-limit", "sysctl", "lsm:apparmor", "lsm:selinux"],
  },
  {
    what: "Debian's sysctl",
    failure: fail("clone", "EPERM"),
    seen: deniedCreation,
    more: { settings: { "kernel.unprivileged_userns_clone": 0 } },
    causes: ["sysctl"],
    detail: "kernel.unprivileged_userns_clone is 0",
  },
  {
    what: "Debian's sysctl, which does not bind who has CAP_SYS_ADMIN",
    failure: fail("clone", "EPERM"),
    seen: deniedCreation,
    asRoot: true,
    more: { settings: { "kernel.unprivileged_userns_clone": 0 } },
    causes: ["unknown"],
    ruledOut: ["sysctl", "capability"],
  },
  {
    what: "Ubuntu's restriction: a namespace without capabilities that count",
    failure: fail("mount-private", "EACCES", "/"),
    seen: {
      label: "ok 10 unconfined",
      "label-inside": "ok 29 unprivileged_userns (enforce)",
      "mount-namespace": "EPERM",
    },
    causes: ["lsm:apparmor"],
    ruledOut: ["seccomp", "chroot", "sysctl", "lsm:selinux"],
  },
  {
    what: "Ubuntu's restriction without its profile: no namespace at all",
    failure: fail("clone", "EACCES"),
    seen: { ...notReached, label: "ok 10 unconfined", "clone-user": "EACCES", "unshare-user": "EACCES" },
    more: { settings: { "kernel.apparmor_restrict_unprivileged_userns": 1 } },
    causes: ["lsm:apparmor"],
  },
  {
    what: "Docker's AppArmor profile, once seccomp is off",
    failure: fail("mount-private", "EACCES", "/"),
    seen: {
      label: "ok 24 docker-default (enforce)",
      "label-inside": "ok 24 docker-default (enforce)",
      "private-root": "EACCES",
    },
    causes: ["lsm:apparmor"],
  },
  {
    what: "SELinux, enforcing",
    failure: fail("clone", "EACCES"),
    seen: { ...notReached, label: "ok 40 user_u:user_r:user_t:s0", "clone-user": "EACCES", "unshare-user": "EACCES" },
    more: { selinuxEnforcing: true },
    causes: ["lsm:selinux"],
    ruledOut: ["lsm:apparmor", "seccomp"],
  },
  {
    what: "SELinux, permissive",
    failure: fail("clone", "EACCES"),
    seen: { ...notReached, label: "ok 40 user_u:user_r:user_t:s0", "clone-user": "EACCES", "unshare-user": "EACCES" },
    causes: ["unknown"],
    ruledOut: ["lsm:selinux", "lsm:apparmor"],
  },
  {
    what: "a masked /proc",
    failure: fail("mount-proc", "EPERM", "/proc"),
    seen: { proc: "EPERM" },
    more: { procCovers: ["/proc/kcore", "/proc/sys"] },
    causes: ["proc-masked"],
    ruledOut: ["seccomp", "chroot", "ns-limit"],
    detail: "mounted over parts of /proc: /proc/kcore, /proc/sys",
  },
  {
    what: "a masked /proc that has nothing to do with it",
    failure: fail("clone", "ENOSPC"),
    seen: { ...notReached, "clone-user": "ENOSPC", "unshare-user": "ENOSPC" },
    more: { procCovers: ["/proc/kcore"], settings: { "user.max_user_namespaces": 0 } },
    causes: ["ns-limit"],
    ruledOut: ["proc-masked"],
    detail: "user.max_user_namespaces is 0",
  },
  {
    what: "another kind's limit",
    failure: fail("clone", "ENOSPC"),
    seen: {},
    more: { settings: { "user.max_user_namespaces": 1000, "user.max_net_namespaces": 0 } },
    causes: ["ns-limit"],
    detail: "user.max_net_namespaces is 0",
  },
  {
    what: "an initial ramfs as the root",
    failure: fail("pivot-root", "EINVAL", "/"),
    seen: {},
    causes: ["mount-propagation"],
    ruledOut: ["chroot"],
  },
  {
    what: "a limit on processes",
    failure: fail("clone", "EAGAIN"),
    seen: { "clone-user": "EAGAIN" },
    causes: ["rlimit"],
  },
  {
    what: "root of a container",
    failure: fail("clone", "EPERM"),
    seen: { capabilities: "ok 2818844155" },
    asRoot: true,
    causes: ["capability"],
    ruledOut: ["seccomp", "chroot"],
    detail: "root without CAP_SYS_ADMIN",
  },
  {
    what: "a user namespace without ids to give away",
    failure: fail("drop-identity", "EPERM", "setgroups"),
    seen: {},
    asRoot: true,
    causes: ["idmap"],
    ruledOut: ["capability"],
  },
  {
    what: "an id that is mapped to nothing",
    failure: fail("clone", "EPERM"),
    seen: { ...deniedCreation, "effective-uid": "ok 65534", "uid-map": "ok 9 0 1000 1" },
    causes: ["idmap"],
  },
  {
    what: "a security module that goes by path, or something else that the prober does not meet",
    failure: fail("clone", "EPERM"),
    seen: {},
    causes: ["unknown"],
    ruledOut: ["seccomp", "chroot", "ns-limit"],
    detail:
      "EPERM at clone, explained by nothing that was looked for; the prober, another program, could make a user namespace",
  },
  {
    what: "a Landlock domain around, which denies mounts to root as well",
    failure: fail("mount-private", "EPERM", "/"),
    seen: { "landlock-layers": "E2BIG 15", "root-private-root": "EPERM" },
    asRoot: true,
    causes: ["lsm:landlock"],
    ruledOut: ["seccomp", "capability"],
    detail: "this process is in 1 Landlock domain, in which no mount may be changed",
  },
  {
    what: "a Landlock domain around, which has nothing to do with a quota",
    failure: fail("clone", "ENOSPC"),
    seen: { ...notReached, "landlock-layers": "E2BIG 15", "clone-user": "ENOSPC", "unshare-user": "ENOSPC" },
    causes: ["ns-limit"],
    ruledOut: ["lsm:landlock"],
  },
  {
    what: "the initial ramfs as the root",
    failure: fail("pivot-root", "EINVAL"),
    seen: {},
    more: { root: { type: "rootfs", propagation: "private" } },
    causes: ["mount-propagation"],
    detail: "/ is the initial ramfs, which pivot_root(2) cannot exchange",
  },
];

test.each(cases)("$what", (item) => {
  const { state, blockers, ruledOut } = attribute(item);
  expect({ state, causes: blockers.map(({ code }) => code) }).toEqual({ state: "blocked", causes: [...item.causes] });
  for (const code of item.ruledOut ?? []) expect(ruledOut).toContain(code);
  for (const code of item.causes) expect(ruledOut).not.toContain(code);
  if (item.detail !== undefined) expect(blockers[0]?.detail).toBe(item.detail);
});

describe("what is no denial", () => {
  test("a kernel without user namespaces lacks them", () => {
    const item = {
      what: "",
      failure: fail("clone", "EINVAL"),
      seen: { ...notReached, "clone-user": "EINVAL", "unshare-user": "EINVAL" },
      causes: [],
    };
    expect(attribute(item)).toMatchObject({ state: "absent", blockers: [{ code: "kernel-config" }] });
  });

  test("a file that the job may not enter has no cause among these", () => {
    const item = { what: "", failure: fail("working-directory", "EACCES", "/"), seen: deniedCreation, causes: [] };
    expect(attribute(item)).toMatchObject({ state: "unknown", blockers: [{ code: "unknown" }], ruledOut: [] });
  });

  test("without the prober nothing is ruled out that it would have told", () => {
    const reading = readSteps("attribution", { status: "timeout", steps: [], durationMs: 3000 });
    const facts = { failure: fail("clone", "EPERM"), reading, settings: {}, selinuxEnforcing: false, procCovers: [] };
    const { blockers, ruledOut } = attributeUserNamespaces(facts);
    expect(blockers[0]?.detail).toContain("no end after 3000 ms");
    for (const code of ["seccomp", "chroot", "ns-limit", "idmap"] as const) expect(ruledOut).not.toContain(code);
  });
});
