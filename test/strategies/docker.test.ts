import { describe, expect, test } from "bun:test";
import { isUsable, type Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import docker from "../../src/strategies/docker.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything, userEverything, userNamespacesBlocked } from "../fixtures/matrices/standings.ts";
import { keptOf } from "../support/kept-guarantees.ts";

function decisionOf(id: string, standings: Standings, parts: Partial<Job> = {}): GuaranteeDecision | undefined {
  return docker.guarantees(jobOf(parts), standings).find((decision) => decision.id === id);
}

const engineWithout = {
  "docker.engine": { state: "works", value: "/run/user/7/docker.sock" },
} as const satisfies Standings;
const userRootless: Standings = { ...userEverything, ...engineWithout };

/** What it requires there and has not. */
function missingFrom(standings: Standings): string[] {
  return docker.requires(standings).filter((id) => !isUsable(standings[id]));
}

describe("what it requires", () => {
  const ofAll = ["program.docker", "docker.engine", "docker.run", "privilege.no-new-privs", "seccomp.filter"] as const;

  test("of root is the right to take ids of nobody's, and to set mounts of the container", () =>
    expect(docker.requires(rootEverything)).toEqual([...ofAll, "privilege.drop-identity", "mount.setattr"]));

  test("of anybody else is a user namespace, without which it is not here", () => {
    expect(docker.requires(userEverything)).toEqual([...ofAll, "userns.create", "userns.capable"]);
    expect([missingFrom(userEverything), missingFrom(userNamespacesBlocked)]).toEqual([
      [],
      ["userns.create", "userns.capable"],
    ]);
  });
});

describe("guarantees", () => {
  test("stand on the user namespace that the launcher makes inside, where the caller is not root", () => {
    const capabilities = ["privilege.no-new-privs", "userns.capable"];
    expect(decisionOf("priv.escalation", userEverything)).toMatchObject({ kept: true, capabilities });
    const lacking = { kept: false, missing: "userns.capable" } as const;
    expect(decisionOf("priv.escalation", userNamespacesBlocked)).toMatchObject(lacking);
    const namespacesOf = (standings: Standings): readonly string[] => docker.plan(jobOf(), standings).namespaces;
    expect([userEverything, userNamespacesBlocked].map((one) => namespacesOf(one).includes("user"))).toEqual([
      true,
      false,
    ]);
  });

  test("have no cap by a control group for anybody but root", () => {
    const capped = { limits: { graceMs: 0, memoryBytes: 9, cpus: 1 } };
    const kept = keptOf(docker, userEverything, capped);
    expect(keptOf(docker, rootEverything, capped).filter((id) => !kept.includes(id))).toEqual([
      "limit.cpu",
      "limit.memory",
    ]);
    expect(docker.plan(jobOf(capped), userEverything).controlGroup).toEqual({});
    expect(docker.plan(jobOf(capped), rootEverything).controlGroup).toMatchObject({ memoryBytes: 9, cpus: 1 });
  });

  test.each<[string, Partial<Job>, string, string]>([
    [
      "a cap on the number of files",
      { limits: { graceMs: 0, diskBytes: 4096, diskFiles: 5 } },
      "limit.disk",
      "Docker caps the bytes of a file system, not its files (--tmp-files)",
    ],
    [
      "a list for programs that know of no proxy",
      { network: "allow", allowedHosts: ["a.example"], directPorts: [53, 80, 443] },
      "net.allowlist",
      "Docker leaves nobody the privilege to lead every address to the job's loopback (--transparent-network)",
    ],
  ])("lack %s, which is then not asked for", (_, parts, id, reason) => {
    expect(decisionOf(id, rootEverything, parts)).toEqual({ id, kept: false, reason } as never);
    const { root, proxy } = docker.plan(jobOf(parts), rootEverything);
    expect(root.filter((step) => "filesMax" in step && step.filesMax !== undefined)).toEqual([]);
    expect(proxy?.directPorts).toBeUndefined();
  });

  test("of a Docker without root's rights are those of a user's, which sets the mounts of the container itself", () => {
    expect(docker.guarantees(jobOf(), userRootless).map(({ id, kept }) => [id, kept])).toEqual(
      docker.guarantees(jobOf(), userEverything).map(({ id, kept }) => [id, kept]),
    );
    const further = docker.requires(userRootless).filter((id) => !docker.requires(userEverything).includes(id));
    expect(further).toEqual(["mount.setattr"]);
  });
});

test("what a container has in another way is told so, and who makes its devices safe", () => {
  const told = (id: string, standings: Standings): unknown => {
    const decision = decisionOf(id, standings);
    return decision?.kept === true && decision.mechanism;
  };
  expect([
    told("priv.devices", rootEverything),
    told("priv.devices", userEverything),
    told("priv.devices", userRootless),
    told("secret.private", userEverything),
  ]).toEqual([
    "the runtime's /dev, with six harmless devices; nodev on everything else",
    "the runtime's /dev, with six harmless devices; the runtime's own rule on which can be opened",
    "the runtime's /dev, with six harmless devices; nodev on everything else",
    "a private file system in memory, for files of the job's user; sealed memory behind a descriptor of the job's own",
  ]);
});

describe("plan", () => {
  test("is that of namespaces, with Docker as its maker", () => {
    const { maker, ...rest } = docker.plan(jobOf(), rootEverything);
    expect(maker).toEqual({ program: "docker", path: "/usr/bin/docker" });
    expect(docker.plan(jobOf(), userRootless).maker).toEqual({
      ...maker,
      rootlessDaemon: "/run/user/7/docker.sock",
    } as never);
    const byAnother: Standings = { ...rootEverything, "docker.run": { state: "works", value: "runc" } };
    expect(docker.plan(jobOf(), byAnother).maker).toEqual({ ...maker, runtime: "runc" } as never);
    expect(rest).toEqual(namespaces.plan(jobOf(), rootEverything));
  });

  test("takes the client that was tried", () => {
    const standings: Standings = { ...userEverything, "program.docker": { state: "works", value: "/opt/bin/docker" } };
    expect(docker.plan(jobOf(), standings).maker).toEqual({
      program: "docker",
      path: "/opt/bin/docker",
    });
  });
});
