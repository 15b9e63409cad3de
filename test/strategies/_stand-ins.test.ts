import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import { decisionsWith, standingsWith, type StandIns } from "../../src/strategies/_stand-ins.ts";
import bubblewrap from "../../src/strategies/bubblewrap.ts";
import docker from "../../src/strategies/docker.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import podman from "../../src/strategies/podman.ts";
import systemd from "../../src/strategies/systemd.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything, userNamespacesBlocked } from "../fixtures/matrices/standings.ts";
import { keptOf } from "../support/kept-guarantees.ts";

const standIns: StandIns = {
  program: "program.bwrap",
  made: ["ns.pid", "ns.ipc"],
  lacking: [{ ids: ["mount.overlay"], why: "none" }],
};

const works = { state: "works" } as const;

test("what the program makes is there where the program is, what it lacks is not, and the rest is as it was", () => {
  const broken = { state: "broken" } as const;
  const seen = standingsWith(standIns, {
    "program.bwrap": broken,
    "ns.pid": works,
    "mount.overlay": works,
    "ns.uts": works,
  });
  expect([seen["ns.pid"], seen["ns.ipc"], seen["mount.overlay"], seen["ns.uts"], seen["ns.user"]] as unknown[]).toEqual(
    [broken, broken, { state: "absent" }, works, undefined],
  );
});

test("takes standings that are frozen, and looks nothing up that nobody asked for", () => {
  const asked: string[] = [];
  const noting = new Proxy(Object.freeze({ "ns.uts": works }), {
    get: (target, id) => {
      asked.push(String(id));
      return Reflect.get(target, id) as unknown;
    },
  });
  const seen = standingsWith(standIns, noting);
  expect([seen["ns.uts"], seen["ns.pid"], seen["mount.overlay"]]).toEqual([works, undefined, { state: "absent" }]);
  expect(asked).toEqual(["ns.uts", "program.bwrap"]);
});

test("decisions name what they really stand on, once", () => {
  expect(
    decisionsWith(standIns, [
      { id: "proc.hidden", kept: true, mechanism: "one", capabilities: ["ns.pid", "ns.ipc", "seccomp.filter"] },
      { id: "ipc.shared", kept: false, reason: "two", missing: "ns.ipc" },
      { id: "net.none", kept: false, reason: "three" },
      { id: "fs.workspace", kept: false, reason: "four", missing: "mount.overlay" },
    ]),
  ).toEqual([
    { id: "proc.hidden", kept: true, mechanism: "one", capabilities: ["program.bwrap", "seccomp.filter"] },
    { id: "ipc.shared", kept: false, reason: "two", missing: "program.bwrap" },
    { id: "net.none", kept: false, reason: "three" },
    { id: "fs.workspace", kept: false, reason: "none" },
  ]);
});

const whole = { leftToLauncher: [], lost: [] } as const;

/** An ordinary user's launcher makes its user namespace inside; out of the daemon's control groups only root moves it. */
const insideDaemons = {
  leftToLauncher: ["userns.create", "userns.capable"],
  lost: ["limit.cpu", "limit.memory"],
} as const;

/** What systemd makes no namespace of. */
const insideUnits = { leftToLauncher: ["userns.create", "userns.capable", "ns.cgroup", "ns.uts"], lost: [] } as const;

describe.each([
  { strategy: bubblewrap, name: "bubblewrap", program: "program.bwrap", ...whole },
  { strategy: podman, name: "podman", program: "podman.run", ...whole },
  { strategy: docker, name: "docker", program: "docker.run", ...insideDaemons },
  { strategy: systemd, name: "systemd", program: "systemd.run", ...insideUnits },
] as const)("$name in the launcher's place", ({ strategy, program, leftToLauncher, lost }) => {
  const isMadeForIt = (id: string): boolean =>
    /^(ns|mount|userns)\./.test(id) && !leftToLauncher.some((one) => one === id);
  const keptByNamespaces = keptOf(namespaces, userEverything).filter((id) => !lost.some((one) => one === id));

  test("keeps what namespaces keep, where both work", () => {
    expect(keptOf(strategy, rootEverything)).toEqual(keptOf(namespaces, rootEverything));
    expect(keptOf(strategy, userEverything)).toEqual(keptByNamespaces);
  });

  test("stands on the program, not on what the launcher could do itself", () => {
    const decisions = strategy.guarantees(jobOf(), userEverything);
    const capabilities = new Set<string>(decisions.flatMap((decision) => (decision.kept ? decision.capabilities : [])));
    expect([...capabilities].filter(isMadeForIt)).toEqual([]);
    expect(capabilities.has(program)).toBeTrue();
    const blocked = Object.entries(userNamespacesBlocked).filter(([id]) => isMadeForIt(id));
    const withoutNamespaces: Standings = { ...userEverything, ...Object.fromEntries(blocked) };
    expect(keptOf(strategy, withoutNamespaces)).toEqual(keptByNamespaces);
  });

  test("keeps nothing of a sandbox's without the program", () => {
    const decisions = strategy.guarantees(jobOf(), except(userEverything, "absent", program));
    expect(decisions.find(({ id }) => id === "fs.read")).toEqual({
      id: "fs.read",
      kept: false,
      reason: expect.stringContaining("a root of the job's own") as never,
      missing: program,
    });
  });

  test("lays no overlay: the workspace is read, or copied where that is asked for", () => {
    const path = "/home/ada/project";
    const workspace = { mode: "cow", path, isStated: false, manner: "overlay", ignore: [], apply: "never" } as const;
    const stepOf = (isStated: boolean): string | undefined =>
      strategy
        .plan(jobOf({ workspace: { ...workspace, isStated } }), userEverything)
        .root.find((step) => "destination" in step && step.destination === path)?.step;
    expect([stepOf(false), stepOf(true)]).toEqual(["bind", "copy"]);
  });
});
