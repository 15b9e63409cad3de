import { describe, expect, test } from "bun:test";
import { isolationSet } from "../../src/model/guarantee.ts";
import type { Blocker } from "../../src/model/capability.ts";
import type { Report } from "../../src/model/report.ts";
import { remediesFor } from "../../src/report/remedies.ts";
import type { RemedyFacts } from "../../src/report/remedy-case.ts";
import { renderFix } from "../../src/report/render-fix.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { matrixOf } from "../fixtures/reports/jobs.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

function fix(report: Report): string {
  const inContainer = report.capabilities.some(
    ({ id, value }) => id === "host.layers" && String(value).includes("container:"),
  );
  return renderFix({ ...report, matrix: matrixOf(report), demanded: isolationSet, inContainer });
}

/** The host without user namespaces, with these causes instead. */
function blockedBy(blockers: readonly Blocker[], facts: RemedyFacts, inContainer = false): string {
  const capabilities = blockedNamespaces.capabilities.map((capability) =>
    capability.blockers.length === 0 ? capability : { ...capability, blockers },
  );
  const report = { ...blockedNamespaces, capabilities, remedies: remediesFor(capabilities, facts) };
  return renderFix({ ...report, matrix: matrixOf(report), demanded: isolationSet, inContainer });
}

describe("renderFix", () => {
  test("is one comment where nothing is to be done", () => {
    expect([fix(perfectHost), fix(firecrackerRoot)]).toEqual([
      "# Nothing to do: all that is demanded holds here.\n",
      "# Nothing to do: all that is demanded holds here.\n",
    ]);
  });

  test("is the missing steps, each once, and the look afterwards", () => {
    expect(fix(blockedNamespaces)).toMatchInlineSnapshot(`
      "# BEGIN cupel doctor --fix: what the strategy namespaces lacks here
      (
      set -eu
      # For userns.capable, ns.mount and ns.pid, blocked by a kernel setting (sysctl): kernel.unprivileged_userns_clone is 0.
      #   The administrator: set kernel.unprivileged_userns_clone to 1 until the next boot.
      #   Changes this machine, until the next boot.
      #   Risk: every user of this host can then create namespaces, which opens more of the kernel to them.
      #   Undo: sudo sysctl -w kernel.unprivileged_userns_clone=0
      sudo sysctl -w kernel.unprivileged_userns_clone=1
      cupel doctor
      )
      # END cupel doctor --fix
      "
    `);
  });

  test("uses no sudo for root", () => {
    expect(blockedBy([{ code: "ns-limit", detail: "user.max_user_namespaces is 0" }], { uid: 0 }))
      .toMatchInlineSnapshot(`
      "# BEGIN cupel doctor --fix: what the strategy namespaces lacks here
      (
      set -eu
      # For userns.capable, ns.mount and ns.pid, blocked by a limit on namespaces (ns-limit): user.max_user_namespaces is 0.
      #   The administrator: set user.max_user_namespaces to 28633 until the next boot.
      #   Changes this machine or the surrounding user namespace, until it ends.
      #   Risk: every user of this host can then create namespaces, which opens more of the kernel to them.
      #   Undo: sysctl -w user.max_user_namespaces=0
      sysctl -w user.max_user_namespaces=28633
      cupel doctor
      )
      # END cupel doctor --fix
      "
    `);
  });

  test("is comments for others in a container, with all flags together", () => {
    const blockers = [
      { code: "seccomp", detail: "a system call filter denies unshare (EPERM)" },
      { code: "proc-masked", detail: "mounted over parts of /proc: /proc/kcore" },
      { code: "package-missing", detail: "no newuidmap in PATH" },
    ] as const;
    const facts = { uid: 1000, container: "docker", packageManager: "apt-get" } as const;
    expect(blockedBy(blockers, facts, true)).toMatchInlineSnapshot(`
      "# BEGIN cupel doctor --fix: what the strategy namespaces lacks here
      (
      set -eu
      # For userns.capable, ns.mount and ns.pid, blocked by a system call filter (seccomp): a system call filter denies unshare (EPERM).
      #   Whoever runs the host: start the container with a seccomp profile of its own: an engine's default one that also allows the calls that make namespaces and mounts.
      #   Changes this container, each time that it is started.
      #   Flag: --security-opt seccomp=cupel-seccomp.json
      #   Risk: what runs in the container reaches more of the kernel.
      #   cupel doctor --container-profile > cupel-seccomp.json
      # For userns.capable, ns.mount and ns.pid, blocked by a masked /proc (proc-masked): mounted over parts of /proc: /proc/kcore.
      #   Whoever runs the host: start the container with a /proc that is whole.
      #   Changes this container, each time that it is started.
      #   Flag: --security-opt systempaths=unconfined
      #   Risk: root in the container can then reach the host's kernel settings, unless the container has a user namespace.
      # For userns.capable, ns.mount and ns.pid, blocked by a missing program (package-missing): no newuidmap in PATH.
      #   In the image: install newuidmap in the container's image.
      #   Changes programs of this machine or image.
      #   Undo: apt-get remove -y uidmap
      #   RUN apt-get install -y uidmap
      # All flags for the engine together: --security-opt seccomp=cupel-seccomp.json --security-opt systempaths=unconfined
      cupel doctor
      )
      # END cupel doctor --fix
      "
    `);
  });

  test("says who has to do what where no command does it", () => {
    expect(
      blockedBy(
        [
          { code: "chroot", detail: "/ is not the root of a mount\n) rm -rf /" },
          { code: "unknown", detail: "EPERM" },
        ],
        {},
      ),
    ).toMatchInlineSnapshot(`
      "# BEGIN cupel doctor --fix: what the strategy namespaces lacks here
      (
      set -eu
      # For userns.capable, ns.mount and ns.pid, blocked by a chroot (chroot): / is not the root of a mount ) rm -rf /.
      #   You: run cupel outside of the chroot: the kernel creates no user namespace in one.
      # For userns.capable, ns.mount and ns.pid, blocked by something unexplained (unknown): EPERM.
      #   Nothing that cupel knows helps.
      cupel doctor
      )
      # END cupel doctor --fix
      "
    `);
  });

  test("says so where no capability is in the way", () => {
    const selection = {
      accepted: [],
      closest: "process",
      rejected: [{ strategy: "namespaces", reason: { kind: "trial", summary: "it hung" } }],
    } as const;
    expect(fix({ ...perfectHost, selection })).toBe(
      "# Nothing that cupel knows to do: no capability of this host is in the way.\n",
    );
  });

  test("is read by a shell, whatever it is made of", () => {
    for (const report of [blockedNamespaces, firecrackerRoot, nothingKnown, perfectHost]) {
      const { exitCode, stderr } = Bun.spawnSync(["sh", "-n"], { stdin: new TextEncoder().encode(fix(report)) });
      expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    }
  });
});
