/** Ranges of ids for user namespaces: what newuidmap gives to who is not root, tried on a namespace made for it. */
import type { Host } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { oneLine } from "./_host-text.ts";
import { findIdRange, type IdRange } from "./_id-range.ts";
import { judgeMapping } from "./_id-range-failure.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { findProgram, notInstalled, type FoundProgram } from "./_program.ts";
import { describePrivilege } from "./_set-id.ts";
import { allGave, evidenceOf, readSteps } from "./_steps.ts";

/** How many ids a container image counts on: those of users, daemons and nobody. */
const usualCount = 65_536;

const words = {
  namespaces: "make a user namespace",
  "write-uid-map": "write a range to its uid_map",
  "write-gid-map": "write a range to its gid_map",
  newuidmap: "run newuidmap on it",
  newgidmap: "run newgidmap on it",
  "set-group": "take the range's last group inside",
  "set-user": "take the range's last user inside",
} as const;

interface Ranges {
  readonly users: IdRange;
  readonly groups: IdRange;
}

async function run(context: ProbeContext) {
  const { host } = context;
  const programs = ["newuidmap", "newgidmap"].map((name) => findProgram(host, name));
  const missing = programs.find(({ path }) => path === undefined);
  const program = missing === undefined ? await describePrograms(host, programs) : notInstalled(missing);
  const isRoot = host.identity.uid === 0;
  const range = missing === undefined || isRoot ? await tryRange(context, programs) : notInstalled(missing);
  return { "program.newuidmap": program, "userns.range": range };
}

async function describePrograms(host: Host, programs: readonly FoundProgram[]): Promise<Finding> {
  const privileges = await Promise.all(programs.map(({ path = "" }) => describePrivilege(host, path)));
  const evidence = [...programs.flatMap((found) => found.evidence), ...privileges.flatMap((told) => told.evidence)];
  const summary = privileges.map(({ text }, index) => `${programs[index]?.path ?? ""}: ${text}`).join("; ");
  const told = `${summary}; what they can do here: userns.range`;
  return finding({ state: "works", level: "declared", summary: told, evidence, value: programs[0]?.path });
}

async function tryRange(context: ProbeContext, programs: readonly FoundProgram[]): Promise<Finding> {
  const { host, helpers } = context;
  const users = await findIdRange(host, "/etc/subuid");
  const groups = await findIdRange(host, "/etc/subgid");
  const evidence = [...users.evidence, ...groups.evidence];
  if (users.range === undefined || groups.range === undefined)
    return noRange([users.blocker, groups.blocker], evidence);
  const ranges = { users: users.range, groups: groups.range };
  const { uid, gid } = host.identity;
  const paths = uid === 0 ? ["-", "-"] : programs.map(({ path = "" }) => path);
  const numbers = [uid, users.range.first, users.range.count, gid, groups.range.first, groups.range.count];
  const result = await helpers.probe("id-range", [...paths, ...numbers.map(String)], 3000);
  const reading = readSteps("id-range", result);
  const seen = [...evidence, ...evidenceOf(reading, words)];
  const map = reading.steps.get("uid-map");
  if (allGave(reading, { "set-group": "ok", "set-user": "ok" })) {
    const shown = { action: "uid_map inside", result: oneLine(map?.text.replaceAll("?", ", ") ?? "") };
    return succeeded(ranges, uid === 0, [...seen, shown]);
  }
  return judgeMapping(context, { reading, programs, evidence: seen });
}

function succeeded({ users, groups }: Ranges, isRoot: boolean, evidence: readonly Evidence[]): Finding {
  const count = Math.min(users.count, groups.count);
  const how = isRoot ? "by root itself" : "by newuidmap and newgidmap";
  const summary = `${count} ids from ${users.first} on mapped ${how}, and the last one taken`;
  const parts = { level: "exercised", evidence, value: count } as const;
  if (count >= usualCount) return finding({ state: "works", summary, ...parts });
  const detail = `the range holds ${count} ids; images expect ${usualCount}`;
  return finding({
    state: "degraded",
    summary: `${summary}; ${detail}`,
    ...parts,
    blockers: [{ code: "idmap", detail }],
  });
}

function noRange(blockers: readonly (Blocker | undefined)[], evidence: readonly Evidence[]): Finding {
  const found = blockers.filter((blocker) => blocker !== undefined);
  const summary = found.map(({ detail }) => detail).join("; ");
  return finding({ state: "blocked", level: "exercised", summary, evidence, blockers: found });
}

/** Probe `id-ranges`. */
export default defineProbe({
  id: "id-ranges",
  area: "namespaces",
  capabilities: { "program.newuidmap": "newuidmap", "userns.range": "Ranges of ids" },
  deadlineMs: 8000,
  run: onLinux(["program.newuidmap", "userns.range"], run),
});
