/** Remedies for what security modules, filters and surrounding containers deny. */
import { advice, engineFlags, isInContainer, machineOwner, steps } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** LSMs, seccomp, no_new_privs, capabilities, chroot, masked /proc. */
export const layerRemedies: readonly RemedyRow[] = [
  {
    id: "container-apparmor-profile",
    code: "lsm:apparmor",
    scope: "this container, each time that it is started",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container under an AppArmor profile of its own: the engine's default one that also has the rules " +
          "userns, mount, umount and pivot_root (--security-opt apparmor=NAME)",
        "what runs in the container reaches more of the kernel",
      ),
  },
  {
    id: "extend-attached-profile",
    code: "lsm:apparmor",
    scope: "one program",
    when: ({ facts }) => facts.attachedProfile !== undefined,
    remedy: extendProfile,
  },
  {
    id: "attach-apparmor-profile",
    code: "lsm:apparmor",
    scope: "one program",
    when: hasProfilablePath,
    remedy: attachProfile,
  },
  {
    id: "install-for-root-only",
    code: "lsm:apparmor",
    scope: "one program",
    remedy: () =>
      advice(
        "administrator",
        "install cupel where only root can write; the doctor then proposes an AppArmor profile for that one path. For a " +
          "path that a user can write it proposes none: the right would go to whatever lands there",
      ),
  },
  {
    id: "container-selinux-type",
    code: "lsm:selinux",
    scope: "this container, each time that it is started",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container with an SELinux type that allows it (--security-opt label=type:NAME)",
      ),
  },
  {
    id: "selinux-policy-module",
    code: "lsm:selinux",
    scope: "one program",
    remedy: () =>
      advice(
        "administrator",
        "see which rule denied it (ausearch -m avc), and have a policy module allow exactly that for cupel",
      ),
  },
  {
    id: "leave-landlock-domain",
    code: "lsm:landlock",
    scope: "how cupel is started",
    remedy: () =>
      advice("you", "run cupel outside of the sandbox that it was started in: a Landlock domain cannot be left"),
  },
  {
    id: "pod-seccomp-profile",
    code: "seccomp",
    scope: "this pod, each time that it is started",
    when: ({ facts }) => facts.container === "kubernetes",
    remedy: () =>
      advice(
        "host operator",
        "give the pod hostUsers: false and a seccompProfile of type Localhost, with the profile that cupel doctor " +
          "--container-profile writes",
        filterRisk,
      ),
  },
  {
    id: "container-seccomp-profile",
    code: "seccomp",
    scope: "this container, each time that it is started",
    when: hasEngine,
    remedy: () =>
      engineFlags(
        "start the container with a seccomp profile of its own: an engine's default one that also allows the calls that " +
          "make namespaces and mounts",
        ["--security-opt seccomp=cupel-seccomp.json"],
        { commands: ["cupel doctor --container-profile > cupel-seccomp.json"], risk: filterRisk },
      ),
  },
  {
    id: "leave-seccomp-filter",
    code: "seccomp",
    scope: "how cupel is started",
    remedy: (remedyCase) =>
      advice(
        isInContainer(remedyCase) ? "host operator" : "you",
        "run cupel outside of what set the filter: a container, a sandbox, or a service with SystemCallFilter= or " +
          "RestrictNamespaces=",
      ),
  },
  {
    id: "allow-new-privileges",
    code: "no-new-privs",
    scope: "how cupel is started",
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
    id: "install-id-mapper-again",
    code: "capability",
    scope: "the program",
    when: ({ blocker }) => /new[ug]idmap/u.test(blocker.detail),
    remedy: () => advice("administrator", "install the program again: copies and image layers lose its set-uid bit"),
  },
  {
    id: "container-add-capability",
    code: "capability",
    scope: "this container, each time that it is started",
    when: (remedyCase) => hasEngine(remedyCase) && addableCapabilities(remedyCase).length > 0,
    remedy: addCapabilities,
  },
  {
    id: "container-user-namespaces",
    code: "capability",
    scope: "this container, each time that it is started",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "have user namespaces allowed in the container, and run cupel there as another user than root: it then has the " +
          "privilege inside of its own",
      ),
  },
  {
    id: "start-with-capability",
    code: "capability",
    scope: "how cupel is started",
    remedy: () => advice("administrator", "start cupel from a session or service that has the privilege"),
  },
  {
    id: "leave-chroot",
    code: "chroot",
    scope: "how cupel is started",
    remedy: () => advice("you", "run cupel outside of the chroot: the kernel creates no user namespace in one"),
  },
  {
    id: "container-unmask-proc",
    code: "proc-masked",
    scope: "this container, each time that it is started",
    when: ({ facts }) => Object.hasOwn(unmasking, facts.container ?? ""),
    remedy: ({ facts }) =>
      engineFlags("start the container with a /proc that is whole", [unmasking[facts.container ?? ""] ?? ""], {
        risk: procRisk,
      }),
  },
  {
    id: "pod-unmask-proc",
    code: "proc-masked",
    scope: "this pod, each time that it is started",
    when: isInContainer,
    remedy: ({ facts }) =>
      advice(
        "host operator",
        facts.container === "kubernetes"
          ? "give the pod procMount: Unmasked and hostUsers: false"
          : "start the container with a /proc that nothing is mounted over",
        procRisk,
      ),
  },
  {
    id: "leave-masked-proc",
    code: "proc-masked",
    scope: "how cupel is started",
    remedy: () => advice("you", "run cupel outside of the sandbox that has something mounted over parts of /proc"),
  },
];

const filterRisk = "what runs in the container reaches more of the kernel";

const procRisk =
  "root in the container can then reach the host's kernel settings, unless the container has a user namespace";

/** Engines whose command line cupel knows. */
function hasEngine({ facts }: RemedyCase): boolean {
  return facts.container === "docker" || facts.container === "podman";
}

/** A path that can stand in a profile as it is. */
function hasProfilablePath({ facts }: RemedyCase): boolean {
  return /^\/[\w/.+-]+$/u.test(facts.rootOwnedLauncher ?? "");
}

/**
 * The form that Ubuntu documents for programs of its own: `flags=(unconfined)` with `userns,` (AppArmor 4). What the
 * program starts keeps its profile, so that the launcher is meant as well, wherever it lies.
 */
function attachProfile({ facts, sudo }: RemedyCase): RemedyText {
  const path = facts.rootOwnedLauncher ?? "";
  const name = path.slice(1).replaceAll("/", ".");
  const file = `/etc/apparmor.d/${name}`;
  const profile = `profile ${name} ${path} flags=(unconfined) {`;
  const lines = ["abi <abi/4.0>,", "include <tunables/global>", profile, "  userns,", "}"];
  return steps({
    summary: "load an AppArmor profile that lets cupel, and no other program, create user namespaces",
    commands: [
      `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} | ${sudo}tee ${file}`,
      `${sudo}apparmor_parser -r ${file}`,
    ],
    undo: [`${sudo}apparmor_parser -R ${file}`, `${sudo}rm ${file}`],
    appliedBy: "administrator",
    risk: "every user who may start cupel can create user namespaces through it",
  });
}

function extendProfile({ facts }: RemedyCase): RemedyText {
  return advice(
    "administrator",
    `add the rule userns to the AppArmor profile in ${facts.attachedProfile ?? ""}, which is attached to cupel's path ` +
      "already, and load it again; a second profile for one path would break both",
    "every user who may start cupel can create user namespaces through it",
  );
}

/** CAP_SYS_ADMIN would be the whole container's; a user namespace gives it to cupel's own alone. */
function addableCapabilities({ blocker }: RemedyCase): string[] {
  const names = [...blocker.detail.matchAll(/\bCAP_([A-Z_]+)\b/gu)].map(([, name = ""]) => name);
  return names.includes("SYS_ADMIN") ? [] : names;
}

function addCapabilities(remedyCase: RemedyCase): RemedyText {
  const names = addableCapabilities(remedyCase);
  const flags = names.map((name) => `--cap-add ${name}`);
  return engineFlags(`start the container with ${flags.join(" and ")}`, flags, {
    risk: "whatever runs in the container has it then",
  });
}

const unmasking: Readonly<Record<string, string>> = {
  docker: "--security-opt systempaths=unconfined",
  podman: "--security-opt unmask=ALL",
};
