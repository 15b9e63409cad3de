/** Remedies for what security modules, filters and surrounding containers deny. */
import { advice, isInContainer, machineOwner } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** LSMs, seccomp, no_new_privs, capabilities, chroot, masked /proc, delegation. */
export const layerRemedies: readonly RemedyRow[] = [
  {
    code: "lsm:apparmor",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container under an AppArmor profile of its own: the engine's default one that also has the rules " +
          "userns, mount, umount and pivot_root (--security-opt apparmor=NAME)",
        "what runs in the container reaches more of the kernel",
      ),
  },
  { code: "lsm:apparmor", when: hasProfilablePath, remedy: profileLauncher },
  {
    code: "lsm:apparmor",
    remedy: () =>
      advice(
        "administrator",
        "install cupel where only root can write; the doctor then proposes an AppArmor profile for that one path. For a " +
          "path that a user can write it proposes none: the right would go to whatever lands there",
      ),
  },
  {
    code: "lsm:selinux",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container with an SELinux type that allows it (--security-opt label=type:NAME)",
      ),
  },
  { code: "lsm:selinux", remedy: showDenials },
  {
    code: "lsm:landlock",
    remedy: () =>
      advice("you", "run cupel outside of the sandbox that it was started in: a Landlock domain cannot be left"),
  },
  {
    code: "seccomp",
    when: ({ facts }) => facts.container === "kubernetes",
    remedy: () =>
      advice(
        "host operator",
        "give the pod hostUsers: false and a seccompProfile of type Localhost: the runtime's default one that also allows " +
          "unshare, clone, clone3, setns, mount, umount2 and pivot_root",
        "what runs in the pod reaches more of the kernel",
      ),
  },
  {
    code: "seccomp",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container with a seccomp profile of its own: the engine's default one that also allows unshare, clone, " +
          "clone3, setns, mount, umount2 and pivot_root (--security-opt seccomp=FILE)",
        "what runs in the container reaches more of the kernel",
      ),
  },
  {
    code: "seccomp",
    remedy: () =>
      advice(
        "you",
        "run cupel outside of what set the filter: a sandbox, or a service with SystemCallFilter= or RestrictNamespaces=",
      ),
  },
  {
    code: "no-new-privs",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        isInContainer(remedyCase)
          ? "start the container without --security-opt no-new-privileges, if a set-uid helper is what you need"
          : "start cupel from a session or service without NoNewPrivileges=, if a set-uid helper is what you need",
        "set-uid programs work again for whatever runs there",
      ),
  },
  {
    code: "capability",
    when: ({ blocker }) => /new[ug]idmap/u.test(blocker.detail),
    remedy: () => advice("administrator", "install the program again: copies and image layers lose its set-uid bit"),
  },
  { code: "capability", when: isInContainer, remedy: addCapability },
  {
    code: "capability",
    remedy: () => advice("administrator", "start cupel from a session or service that has the privilege"),
  },
  {
    code: "chroot",
    remedy: () => advice("you", "run cupel outside of the chroot: the kernel creates no user namespace in one"),
  },
  { code: "proc-masked", remedy: unmaskProc },
  {
    code: "outer-container",
    when: (remedyCase) =>
      !isInContainer(remedyCase) && remedyCase.blocker.detail.includes("no control groups are mounted"),
    remedy: ({ sudo }) => ({
      summary: "mount control groups of version 2",
      commands: [`${sudo}mount -t cgroup2 cgroup2 /sys/fs/cgroup`],
      appliedBy: "administrator",
      reversible: true,
      risk: "",
    }),
  },
  {
    code: "outer-container",
    when: (remedyCase) => !isInContainer(remedyCase),
    remedy: () => advice("you", "run cupel outside of the sandbox that it was started in"),
  },
  {
    code: "outer-container",
    remedy: () => advice("host operator", "run cupel on the host instead of in the container"),
  },
  {
    code: "cgroup-delegation",
    when: ({ blocker }) => blocker.detail.startsWith("no manager runs for user"),
    remedy: () =>
      advice(
        "administrator",
        "let systemd keep a manager for this user without a login: loginctl enable-linger with their name",
      ),
  },
  {
    code: "cgroup-delegation",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container with a control group namespace of its own that it may write (Docker: --cgroupns=private and a " +
          "writable mount; Podman: --security-opt unmask=/sys/fs/cgroup)",
      ),
  },
  {
    code: "cgroup-delegation",
    when: ({ blocker }) => blocker.detail.includes("read-only"),
    remedy: () => advice("administrator", "have control groups mounted so that they can be written"),
  },
  { code: "cgroup-delegation", when: needsScope, remedy: runInScope },
  { code: "cgroup-delegation", remedy: delegateControllers },
];

/** A path that can stand in a profile and on a command line as it is. */
function hasProfilablePath({ facts }: RemedyCase): boolean {
  return /^\/[\w/.+-]+$/u.test(facts.rootOwnedLauncher ?? "");
}

/** The form that Ubuntu documents for programs of its own (`userns,` needs AppArmor 4). */
function profileLauncher({ facts, sudo }: RemedyCase): RemedyText {
  const profile = `profile cupel-launcher ${facts.rootOwnedLauncher ?? ""} flags=(unconfined) {`;
  const lines = ["abi <abi/4.0>,", "include <tunables/global>", profile, "  userns,", "}"];
  const file = "/etc/apparmor.d/cupel-launcher";
  return {
    summary: "load an AppArmor profile that lets cupel's launcher, and no other program, create user namespaces",
    commands: [
      `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} | ${sudo}tee ${file}`,
      `${sudo}apparmor_parser -r ${file}`,
    ],
    appliedBy: "administrator",
    reversible: true,
    risk: "every user who may start the launcher can create user namespaces through it",
  };
}

function showDenials({ sudo }: RemedyCase): RemedyText {
  return {
    summary: "see which rule denied it, and have a policy module allow exactly that for cupel",
    commands: [`${sudo}ausearch -m avc -ts recent`],
    appliedBy: "administrator",
    reversible: true,
    risk: "",
  };
}

function addCapability({ blocker }: RemedyCase): RemedyText {
  const name = /\bCAP_([A-Z_]+)\b/u.exec(blocker.detail)?.[1];
  if (name === undefined || name === "SYS_ADMIN") {
    return advice(
      "host operator",
      "have user namespaces allowed in the container, which give cupel the privilege inside of its own",
    );
  }
  return advice(
    "host operator",
    `start the container with --cap-add ${name}`,
    "whatever runs in the container has it then",
  );
}

const unmasking: Readonly<Record<string, string>> = {
  docker: "start the container with --security-opt systempaths=unconfined",
  podman: "start the container with --security-opt unmask=ALL",
  kubernetes: "give the pod procMount: Unmasked and hostUsers: false",
};

function unmaskProc({ facts }: RemedyCase): RemedyText {
  const known = unmasking[facts.container ?? ""];
  return advice(
    "host operator",
    known ?? "start the container with a /proc that nothing is mounted over",
    "root in the container can then reach the host's kernel settings, unless the container has a user namespace",
  );
}

/** The controllers are there, but cupel stands in a control group that is not its user's. */
function needsScope({ blocker, facts }: RemedyCase): boolean {
  return facts.uid === 0 || /\bscope\b|\bsession\b|not writable|not own/iu.test(blocker.detail);
}

function runInScope({ facts }: RemedyCase): RemedyText {
  const user = facts.uid === 0 ? "" : "--user ";
  return {
    summary: "start a shell in a control group that is its own, and cupel from it",
    commands: [`systemd-run ${user}--scope -p Delegate=yes -- "$SHELL"`],
    appliedBy: "you",
    reversible: true,
    risk: "",
  };
}

function delegateControllers({ sudo }: RemedyCase): RemedyText {
  const folder = "/etc/systemd/system/user@.service.d";
  return {
    summary: "have systemd hand its control group controllers to user sessions, then log out and in again",
    commands: [
      `${sudo}mkdir -p ${folder}`,
      `printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | ${sudo}tee ${folder}/delegate.conf`,
      `${sudo}systemctl daemon-reload`,
    ],
    appliedBy: "administrator",
    reversible: true,
    risk: "every user can then divide these resources among their own processes",
  };
}
