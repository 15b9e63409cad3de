/** Remedies for what filters, missing privileges and surrounding containers deny. */
import { advice, engineFlags, isInContainer, machineOwner } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Seccomp, no_new_privs, capabilities, chroot, masked /proc. */
export const layerRemedies: readonly RemedyRow[] = [
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
