/** What every probe owes to whoever runs it: a finding for each of its capabilities, on any host, whatever that holds. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { Answer, Host } from "../../src/host/host.ts";
import type { HelperPort } from "../../src/launch/helper-port.ts";
import { areas, blockerCodes, capabilityStates, evidenceLevels } from "../../src/model/capability.ts";
import { probes } from "../../src/probes/registry.gen.ts";
import type { Probe, ProbeContext } from "../../src/probes/_probe.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, createFixtureHost, failed, steps, type Fixture } from "../support/fixture-host.ts";

const all: readonly Probe[] = probes;

const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4000));

const findingSchema = v.strictObject({
  state: v.picklist(capabilityStates),
  level: v.picklist(evidenceLevels),
  summary: v.pipe(text, v.regex(/^[^\n\r\0]*$/)),
  evidence: v.array(v.strictObject({ action: text, result: v.string() })),
  blockers: v.array(v.strictObject({ code: v.picklist(blockerCodes), detail: text })),
  ruledOut: v.array(v.picklist(blockerCodes)),
  value: v.optional(v.union([v.string(), v.number()])),
});

/** A host on which every answer is the same: huge, binary, a loop, forbidden, of the wrong kind. */
function monotonous(content: Answer<string>, uid: number): Host {
  const errno = content.ok ? "ENOTDIR" : content.errno;
  return {
    ...createFixtureHost({ uid }),
    readText: () => content,
    readBytes: () => (content.ok ? { ok: true, value: new TextEncoder().encode(content.value) } : content),
    list: () => (content.ok ? { ok: true, value: ["..", "\0", "a".repeat(255), "kvm_intel"] } : { ok: false, errno }),
    status: () => ({ ok: false, errno }),
    linkStatus: () => ({ ok: false, errno }),
    readLink: () => content,
    findProgram: (name) => `/tmp/${name}`,
    findPrograms: (name) => [`/tmp/${name}`, `/${"deep/".repeat(500)}${name}`],
    run: () =>
      Promise.resolve({
        status: "exited",
        code: null,
        signal: "SIGSEGV",
        stdout: content.ok ? content.value : "",
        stderr: "\u001B[31m",
        durationMs: 1,
      }),
  };
}

const contents: Readonly<Record<string, Answer<string>>> = {
  huge: { ok: true, value: "flags : x ".repeat(100_000) },
  binary: { ok: true, value: "\0\u0001\uFFFD\u001B[2J \n - cgroup2 \n0::/../..\n" },
  "only newlines": { ok: true, value: "\n".repeat(10_000) },
  "numbers and slashes": { ok: true, value: "0 0 0:0 / / - cgroup x rw,pids,memory,cpu\n1:pids:/\n0::/\n".repeat(50) },
  unreadable: { ok: false, errno: "EACCES" },
  looping: { ok: false, errno: "ELOOP" },
  directories: { ok: false, errno: "EISDIR" },
};

const noEngines: Pick<HelperPort, "keep" | "root" | "place" | "withRootArchive"> = {
  keep: () => Promise.resolve({ status: "not-started", errno: "the prober could not be started" }),
  root: () => Promise.resolve({ ok: false, reason: "no place" }),
  place: () => Promise.resolve({ ok: false, reason: "no place" }),
  withRootArchive: (use) => use({ ok: false, reason: "no place" }),
};

/** Places there are, and every program in them says the same rubbish. */
const rubbish: Pick<HelperPort, "keep" | "root" | "place" | "withRootArchive"> = {
  keep: () =>
    Promise.resolve({ status: "exited", code: 0, signal: null, stdout: "{}[\0\n{", stderr: "", durationMs: 1 }),
  root: () => Promise.resolve({ ok: true, path: "/state/root" }),
  place: () => Promise.resolve({ ok: true, path: "/state/engines" }),
  withRootArchive: (use) => use({ ok: true, path: "/state/root.tar" }),
};

const hanging: Pick<HelperPort, "keep" | "root" | "place" | "withRootArchive"> = {
  ...rubbish,
  keep: () => Promise.resolve({ status: "timeout", stdout: "", stderr: "", durationMs: 5000 }),
};

const helpersByManner: Readonly<Record<string, HelperPort>> = {
  "cannot be started": {
    ...noEngines,
    probe: () => Promise.resolve({ status: "crashed", steps: [], detail: "not started" }),
    rehearse: () => Promise.resolve({ status: "crashed", detail: "not started" }),
  },
  hang: {
    ...hanging,
    probe: () =>
      Promise.resolve({
        status: "timeout",
        steps: steps("open ok\nabi ok 7\ncreate ok\nset ok\ninstall ok"),
        durationMs: 3000,
      }),
    rehearse: () => Promise.resolve({ status: "timeout" }),
  },
  "say nothing": {
    ...rubbish,
    probe: () => Promise.resolve({ status: "ended", steps: [], durationMs: 1 }),
    rehearse: () => Promise.resolve({ status: "ready", namespaces: {}, durationMs: 1 }),
  },
  "are denied everything": {
    ...noEngines,
    probe: (name) =>
      Promise.resolve({
        status: "ended",
        steps: steps(
          `${name} EPERM\nopen EPERM\nabi EPERM\ncreate EPERM\ninstall EPERM\nlistener EPERM\nset EPERM\nnamespaces EPERM\nuser-namespace EPERM`,
        ),
        durationMs: 1,
      }),
    rehearse: () => Promise.resolve(failed("a-step-to-come", "errno 999", "\u0001")),
  },
};

const hostileHosts = Object.entries(contents).flatMap(([content, answer]) =>
  [0, 1000].flatMap((uid) =>
    Object.entries(helpersByManner).map(([manner, helpers]) => ({
      name: `${content} files as ${uid}, helpers ${manner}`,
      context: { host: monotonous(answer, uid), helpers, deep: false } satisfies ProbeContext,
    })),
  ),
);

const fixtureHosts = Object.entries<Fixture>(fixtures).map(([name, fixture]) => ({
  name,
  context: createFixtureContext(fixture),
}));

async function findAll(context: ProbeContext): Promise<void> {
  for (const probe of all) {
    const findings = await probe.run(context);
    expect(Object.keys(findings).toSorted()).toEqual(Object.keys(probe.capabilities).toSorted());
    for (const [id, finding] of Object.entries(findings)) {
      const parsed = v.safeParse(findingSchema, finding);
      expect({
        id,
        issues: parsed.issues?.map(({ message, path }) => [v.getDotPath({ path } as never), message]),
      }).toEqual({ id, issues: undefined });
      expect({ id, complaint: findComplaint(finding) }).toEqual({ id, complaint: undefined });
    }
  }
}

/** What no schema says: a denial has a cause, what works has none, and nothing is claimed without evidence. */
function findComplaint(finding: Awaited<ReturnType<Probe["run"]>>[string]): string | undefined {
  if (finding.state === "blocked" && finding.blockers.length === 0) return "blocked, but by what?";
  if (finding.state === "works" && finding.blockers.length > 0) return "works, but blocked";
  if (finding.evidence.length === 0 && finding.state !== "absent") return "no evidence";
  const both = finding.blockers.find(({ code }) => finding.ruledOut.includes(code));
  return both === undefined ? undefined : `${both.code} is the cause and is not`;
}

describe("the registry", () => {
  test("every probe is called like its file, and no capability is found twice", () => {
    const ids = all.flatMap((probe) => Object.keys(probe.capabilities));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test.each(all.map((probe) => [probe.id, probe] as const))("%s: area, titles, ids, deadline", (_, probe) => {
    expect(areas).toContain(probe.area);
    expect(probe.deadlineMs).toBeGreaterThan(0);
    for (const [id, title] of Object.entries(probe.capabilities)) {
      expect(id).toMatch(/^[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+$/);
      expect(title).not.toBe("");
    }
  });
});

describe("on fixture hosts", () => {
  test.each(fixtureHosts)("$name", ({ context }) => findAll(context));
});

describe.each(["darwin", "win32", "freebsd"] as const)("on %s", (platform) => {
  test.each(all.map((probe) => [probe.id, probe] as const))("%s says how to reach Linux", async (_, probe) => {
    const host = createFixtureHost({ platform });
    const helpers = helpersByManner["cannot be started"] as HelperPort;
    for (const { state, summary } of Object.values(await probe.run({ host, helpers, deep: true }))) {
      expect(state).toBe("not-applicable");
      expect(summary).toMatch(/^a Linux .*run cupel /);
    }
  });
});

describe("on hostile hosts", () => {
  test.each(hostileHosts)("$name", ({ context }) => findAll(context));
});

test("nothing works where no helper says so", async () => {
  const context = {
    host: createFixtureHost({}),
    helpers: helpersByManner["cannot be started"] as HelperPort,
    deep: false,
  };
  for (const probe of all) {
    for (const [id, finding] of Object.entries(await probe.run(context))) {
      expect({ id, works: finding.state === "works" && ["enforced", "exercised"].includes(finding.level) }).toEqual({
        id,
        works: false,
      });
    }
  }
});
