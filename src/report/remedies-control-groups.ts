/** Remedies for control groups that are not there or not handed down, and for what lies around them. */
import { advice, isInContainer } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow } from "./remedy-case.ts";

/** Mounting, delegation, and surroundings that nothing but leaving them helps with. */
export const controlGroupRemedies: readonly RemedyRow[] = [
  {
    id: "mount-control-groups",
    code: "outer-container",
    scope: "this machine, until the next boot",
    when: (remedyCase) =>
      !isInContainer(remedyCase) && remedyCase.blocker.detail.includes("no control groups are mounted"),
    remedy: () =>
      advice(
        "administrator",
        "mount control groups of version 2 at /sys/fs/cgroup, and hand controllers to a group of cupel's",
      ),
  },
  {
    id: "leave-sandbox",
    code: "outer-container",
    scope: "how cupel is started",
    when: (remedyCase) => !isInContainer(remedyCase),
    remedy: () => advice("you", "run cupel outside of the sandbox that it was started in"),
  },
  {
    id: "leave-container",
    code: "outer-container",
    scope: "how cupel is started",
    remedy: () => advice("host operator", "run cupel on the host instead of in the container"),
  },
  {
    id: "keep-user-manager",
    code: "cgroup-delegation",
    scope: "this user",
    when: ({ blocker }) => blocker.detail.startsWith("no manager runs for user"),
    remedy: () =>
      advice(
        "administrator",
        "let systemd keep a manager for this user without a login: loginctl enable-linger with their name",
      ),
  },
  {
    id: "container-control-groups",
    code: "cgroup-delegation",
    scope: "this container, each time that it is started",
    when: isInContainer,
    remedy: () =>
      advice(
        "host operator",
        "start the container with a control group namespace of its own that it may write (Docker: --cgroupns=private and a " +
          "writable mount; Podman: --security-opt unmask=/sys/fs/cgroup)",
      ),
  },
  {
    id: "writable-control-groups",
    code: "cgroup-delegation",
    scope: "this machine, or the sandbox that cupel was started in",
    when: ({ blocker }) => blocker.detail.includes("read-only"),
    remedy: () => advice("administrator", "have control groups mounted so that they can be written"),
  },
  {
    id: "delegated-scope",
    code: "cgroup-delegation",
    scope: "the shell that cupel is started from",
    when: needsScope,
    remedy: ({ facts }) =>
      advice(
        "you",
        "start cupel from a shell in a control group that is its own: systemd-run with " +
          `${facts.uid === 0 ? "" : "--user, "}--scope and -p Delegate=yes`,
      ),
  },
  {
    id: "delegate-controllers",
    code: "cgroup-delegation",
    scope: "the sessions of every user of this machine",
    remedy: () =>
      advice(
        "administrator",
        "have systemd hand its control group controllers to user sessions: Delegate=cpu cpuset io memory pids for the " +
          "unit user@.service",
        "every user can then divide these resources among their own processes",
      ),
  },
];

/** The controllers are there, but cupel stands in a control group that is not its user's. */
function needsScope({ blocker, facts }: RemedyCase): boolean {
  return facts.uid === 0 || /\bscope\b|\bsession\b|not writable|not own/iu.test(blocker.detail);
}
