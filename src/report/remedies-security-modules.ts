/** Remedies for what AppArmor, SELinux and Landlock deny. */
import { advice, isInContainer, steps } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** A profile of the container's, one of cupel's own path, or none to be proposed. */
export const securityModuleRemedies: readonly RemedyRow[] = [
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
    id: "extend-profile-of-program",
    code: "lsm:apparmor",
    scope: "one program",
    when: ({ blocker }) => blocker.detail.startsWith("the profile attached to the path of "),
    remedy: () =>
      advice(
        "administrator",
        "add the rule userns to the AppArmor profile that is attached to this program's path, and load it again",
        "every user who may start the program can create user namespaces through it",
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
];

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
