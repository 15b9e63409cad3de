/** What each blocker means: what it is, and how cupel tells it from others. */
import type { BlockerCode } from "../model/capability.ts";

/** One or two sentences for each code. */
export const blockerExplanations: Readonly<Record<BlockerCode, string>> = {
  sysctl:
    "A kernel setting under /proc/sys forbids it or sets it to nothing. It is named only where the refused act fits the setting; a setting alone decides nothing.",
  "lsm:apparmor":
    "AppArmor denies it: the profile that this process runs under, or the restriction of user namespaces that distributions set. AppArmor attaches profiles by path, so another program may be allowed what this one is not.",
  "lsm:selinux": "SELinux denies it to the context that this process runs in.",
  "lsm:landlock":
    "A Landlock domain that a surrounding program entered denies it. Domains can only be made narrower, never left.",
  seccomp:
    "A filter on system calls, which a container engine or another sandbox loaded, answers the call with an error. It is told from other causes by calls that do nothing and still fail.",
  "no-new-privs":
    "The flag no_new_privs is set, so that set-id programs and file capabilities give nothing. It cannot be taken off again.",
  capability:
    "A privilege is missing: one of the kernel's capabilities (capabilities(7)) that the act needs is not in the set that this process has.",
  chroot: "This process runs in a chroot, in which the kernel refuses new user namespaces and another root.",
  "ns-limit":
    "A limit on the number or depth of namespaces is reached, here or in a namespace around this one (ENOSPC; namespaces nest 32 deep).",
  idmap:
    "User or group ids cannot be mapped: no sub-ids are listed for this user, or newuidmap and newgidmap are missing or not set-id.",
  "proc-masked":
    "Parts of /proc are mounted over, as container engines do; the kernel then refuses a fresh /proc to whoever is not privileged outside.",
  "mount-propagation": "The root is mounted in a way that mounts cannot be made private or moved.",
  noexec: "A file system is mounted noexec: programs on it cannot be started.",
  nodev: "A file system is mounted nodev: device nodes on it open nothing.",
  nosuid: "A file system is mounted nosuid: set-id programs on it give nothing.",
  "device-missing": "The device is not there: no driver, no hardware, or not passed into this container.",
  "device-mode": "The device is there, and its owner and permissions keep this user from it.",
  "device-cgroup": "The device may be opened by its permissions, and a control group's list of devices denies it.",
  "cgroup-delegation": "Control groups are there, and none was handed to this user in which limits could be set.",
  "cgroup-version":
    "The limit exists in the other version of control groups than the one that can be used here (cgroups(7)).",
  "outer-container": "The container around this process denies it; the machine itself may allow it.",
  "kernel-config": "The kernel was built without it.",
  "kernel-version": "The kernel is older than the feature.",
  "boot-param": "It is switched off by a parameter that the kernel was booted with.",
  "module-missing": "The kernel module is not loaded, or not there. cupel loads none.",
  "package-missing": "A program that does it is not installed, or not in PATH.",
  "package-version": "The program is there, in a version that cannot do it.",
  "hypervisor-nested-off":
    "This machine is itself a guest, and the hypervisor around it does not let it run guests of its own with the hardware's help.",
  firmware: "The hardware could do it, and the firmware keeps it switched off.",
  rlimit: "A resource limit of this process (getrlimit(2)) is too low.",
  policy: "A policy of the system, such as polkit's or systemd's, forbids it to this user.",
  unknown: "It is denied, and none of the causes that cupel looked for fits. What was done and what came back is told.",
};
