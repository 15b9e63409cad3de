/** What holds for every registered strategy, on every host. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Job } from "../../src/model/job.ts";
import { capabilityStates, isUsable, type Standings } from "../../src/model/capability.ts";
import { guaranteeIds, isolationClasses } from "../../src/model/guarantee.ts";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { makerCallOf } from "../fixtures/jobs/plans.ts";
import { allStandings, capabilityIds } from "../fixtures/matrices/standings.ts";
import { decodeInstruction } from "../support/decode-instruction.ts";

const jobs: Readonly<Record<string, Job>> = {
  default: jobOf(),
  "with the host's network": jobOf({ network: "host", nameResolution: { "/etc/resolv.conf": "/etc/resolv.conf" } }),
  "without sockets": jobOf({ network: "no-sockets" }),
  "under the strict profile": jobOf({ seccomp: "strict" }),
  "under the compat profile": jobOf({ seccomp: "compat" }),
  "that writes its workspace": jobOf({ workspace: { mode: "rw", path: "/home/ada/project" } }),
  "in an empty workspace": jobOf({ workspace: { mode: "empty", why: "because" }, directory: "/" }),
  "with every limit": jobOf({ limits: { graceMs: 0, timeoutMs: 1, memoryBytes: 1, cpus: 0.01, pids: 1 } }),
  "with grants": jobOf({
    grants: [{ path: "/srv", access: "write" }],
    hidden: ["/srv/state"],
    toolDirectories: ["/t"],
  }),
};

const cases = Object.entries(allStandings).flatMap(([host, standings]) =>
  Object.entries(jobs).map(([name, job]) => ({ host, standings, name, job })),
);

/** Hosts of every kind, also ones where nothing was measured of some capabilities. */
const anyStandings: fc.Arbitrary<Standings> = fc
  .array(fc.option(fc.constantFrom(...capabilityStates)), {
    minLength: capabilityIds.length,
    maxLength: capabilityIds.length,
  })
  .map((states) =>
    Object.fromEntries(states.flatMap((state, at) => (state === null ? [] : [[capabilityIds[at] ?? "", { state }]]))),
  );

test("strategies have ids and ranks of their own", () => {
  expect(new Set(strategies.map(({ id }) => id)).size).toBe(strategies.length);
  expect(new Set(strategies.map(({ rank }) => rank)).size).toBe(strategies.length);
});

describe.each(strategies.map((strategy) => [strategy.id, strategy] as const))("strategy %s", (id, strategy) => {
  test("says who it is in words that reports know", () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(isolationClasses).toContain(strategy.isolation);
    expect(strategy.summary).toMatch(/^\S.{8,100}[^.]$/);
    expect(strategy.explanation).toMatch(/^\S.{40,400}\.$/);
  });

  test("requires, and stands on, capabilities that some probe establishes, on every host", () => {
    for (const { standings, job } of cases) {
      const named = strategy
        .guarantees(job, standings)
        .flatMap((decision) => (decision.kept ? decision.capabilities : (decision.missing ?? [])));
      const unknown = [...strategy.requires(standings), ...named].filter((one) => !capabilityIds.includes(one));
      expect(unknown).toEqual([]);
    }
  });

  test("decides each guarantee exactly once, in report order, with a reason", () => {
    for (const { standings, job } of cases) {
      const decisions = strategy.guarantees(job, standings);
      expect(decisions.map((decision) => decision.id)).toEqual(guaranteeIds);
      const empty = decisions.filter((decision) => (decision.kept ? decision.mechanism : decision.reason) === "");
      expect(empty).toEqual([]);
    }
  });

  test("is pure: the same again, and what it was given is as it was", () => {
    for (const { standings, job } of cases) {
      const [jobBefore, standingsBefore] = [structuredClone(job), structuredClone(standings)];
      expect(strategy.plan(job, standings)).toEqual(strategy.plan(job, standings));
      expect(strategy.guarantees(job, standings)).toEqual([...strategy.guarantees(job, standings)]);
      expect([...strategy.requires(standings)]).toEqual([...strategy.requires(standings)]);
      expect([job, standings]).toEqual([jobBefore, standingsBefore]);
    }
  });

  test("works on frozen input", () => {
    const frozen = Object.freeze(jobOf({ grants: Object.freeze([{ path: "/srv", access: "read" } as const]) }));
    expect(() => strategy.plan(frozen, Object.freeze({ ...allStandings.rootEverything }))).not.toThrow();
  });

  test("runs the job's own command, in plans that the launcher can be told", () => {
    const outside = { uid: 1000, gid: 1000 };
    for (const { standings, job } of cases) {
      const plan = strategy.plan(job, standings);
      expect(plan.command).toEqual(job.command);
      const bytes = encodeInstruction(plan, {
        outside,
        controlGroups: [],
        rehearsal: false,
        architecture: "x64",
        maker: makerCallOf(plan),
        name: "job",
        scratch: plan.confinement === undefined ? undefined : "/scratch",
      });
      const words = decodeInstruction(bytes).flatMap(([kind, ...fields]) => (kind === "argument" ? fields : []));
      expect(words).toEqual([...job.command]);
    }
  });

  test("keeps nothing by a capability that is not usable, on any host", () => {
    fc.assert(
      fc.property(anyStandings, fc.constantFrom(...Object.values(jobs)), (standings, job) => {
        for (const decision of strategy.guarantees(job, standings)) {
          if (decision.kept) expect(decision.capabilities.filter((one) => !isUsable(standings[one]))).toEqual([]);
          else if (decision.missing !== undefined) expect(isUsable(standings[decision.missing])).toBeFalse();
        }
      }),
    );
  });

  test("loses no guarantee when a capability is gained, on any host", () => {
    fc.assert(
      fc.property(anyStandings, fc.constantFrom(...capabilityIds), (standings, gained) => {
        // Whoever can drop its identity takes another way, with other needs.
        fc.pre(gained !== "privilege.drop-identity");
        const kept = (one: Standings): string[] =>
          strategy.guarantees(jobOf(), one).flatMap((decision) => (decision.kept ? [decision.id] : []));
        const more = new Set(kept({ ...standings, [gained]: { state: "works" } }));
        expect(kept(standings).filter((one) => !more.has(one as never))).toEqual([]);
      }),
    );
  });

  test("never gives a job privileges, nor leaves the filter out where it can be loaded", () => {
    for (const { standings, job } of cases) {
      const plan = strategy.plan(job, standings);
      expect(plan.dropCapabilities).toBeTrue();
      expect(plan.resourceLimits.core).toBe(0);
      if (isUsable(standings["seccomp.filter"])) expect(plan.seccomp).toBe(job.seccomp);
      // Whatever the host, a job that is to have no sockets is never told that it has none where it could make some.
      expect(plan.sockets === "pairs-only" && plan.seccomp === "none").toBeFalse();
    }
  });
});
