/** Why a range of ids could not be mapped: newuidmap says little, so what could be the cause is looked at. */
import type { Blocker, BlockerCode, Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import type { FoundProgram } from "./_program.ts";
import { describePrivilege } from "./_set-id.ts";
import { errnoAt, notEstablished, type Reading } from "./_steps.ts";

/** What was tried, and with which programs. */
export interface Mapping {
  readonly reading: Reading;
  readonly programs: readonly FoundProgram[];
  readonly evidence: readonly Evidence[];
}

/** The finding for a mapping that did not come about. */
export async function judgeMapping(context: ProbeContext, mapping: Mapping): Promise<Finding> {
  const { reading, evidence } = mapping;
  const errno = errnoAt(reading, "namespaces");
  if (errno !== undefined && errno !== "ok") return judgeStep(context, { step: "user-namespace", errno }, evidence);
  const failed = mapping.programs.find(({ name }) => isFailed(reading, name));
  if (failed !== undefined) return judgeProgram(context, failed, mapping);
  const step = Object.keys(launcherSteps).find((name) => isDenied(reading, name));
  if (step === undefined) return { ...notEstablished(reading, "id-range"), evidence };
  return judgeWrite(context, { step, errno: errnoAt(reading, step) ?? "" }, evidence);
}

/** Steps of the prober, as the launcher calls what takes the same privilege. */
const launcherSteps: Readonly<Record<string, string>> = {
  "write-uid-map": "idmap-namespace",
  "write-gid-map": "idmap-namespace",
  "set-group": "drop-identity",
  "set-user": "drop-identity",
};

/** Root may lack the capability; else the range is not in the namespace around. */
async function judgeWrite(
  context: ProbeContext,
  { step, errno }: { readonly step: string; readonly errno: string },
  evidence: readonly Evidence[],
): Promise<Finding> {
  const judged = await judgeStep(context, { step: launcherSteps[step] ?? step, errno }, evidence);
  if (judged.blockers.some(({ code }) => code !== "unknown")) return judged;
  const detail = `${errno} at ${step}: this user namespace has no such range to give`;
  const blockers = [{ code: "idmap", detail }] as const;
  return finding({ state: "blocked", level: "exercised", summary: detail, evidence: judged.evidence, blockers });
}

function isDenied(reading: Reading, step: string): boolean {
  const errno = errnoAt(reading, step);
  return errno !== undefined && errno !== "ok";
}

function isFailed(reading: Reading, step: string): boolean {
  const ended = reading.steps.get(step);
  return ended !== undefined && (ended.errno !== "ok" || ended.value !== 0);
}

async function judgeProgram(context: ProbeContext, program: FoundProgram, mapping: Mapping): Promise<Finding> {
  const said = oneLine(mapping.reading.steps.get(program.name)?.text.replaceAll("?", " ") ?? "", 200);
  const found = await findCauses(context, program);
  const seen = [...mapping.evidence, { action: `${program.name} said`, result: said || "nothing" }, ...found.evidence];
  const causes = found.blockers.length > 0 ? found.blockers : [causeBySaying(program.name, said)];
  return finding({
    state: "blocked",
    level: "exercised",
    summary: causes.map(({ detail }) => detail).join("; "),
    evidence: seen,
    blockers: causes,
    ruledOut: found.ruledOut.filter((code) => causes.every((cause) => cause.code !== code)),
  });
}

/** newuidmap(1): a range that is not the caller's; else what the kernel said to its write. */
function causeBySaying(name: string, said: string): Blocker {
  const isRange = /not allowed|Operation not permitted|write to [ug]id_map/i.test(said);
  return {
    code: isRange ? "idmap" : "unknown",
    detail: `${name} could not map the range: ${said || "it said nothing"}`,
  };
}

interface Causes {
  readonly blockers: readonly Blocker[];
  readonly ruledOut: readonly BlockerCode[];
  readonly evidence: readonly Evidence[];
}

async function findCauses({ host }: ProbeContext, { name, path = "" }: FoundProgram): Promise<Causes> {
  const status = host.readText("/proc/self/status");
  const promised = status.ok ? /^NoNewPrivs:\s*(\d)/m.exec(status.value)?.[1] : undefined;
  const mounts = host.readText("/proc/self/mountinfo");
  const options = mounts.ok ? parseMountOptions(mounts.value, path) : undefined;
  const privilege = await describePrivilege(host, path);
  const judged: readonly (readonly [BlockerCode, boolean | undefined, string])[] = [
    ["no-new-privs", known(promised, "1"), `no_new_privs is set, so ${name} gains nothing by its set-uid bit`],
    ["nosuid", options?.includes("nosuid"), `${path} lies on a file system that is mounted nosuid`],
    [
      privilege.isForeign ? "idmap" : "capability",
      privilege.held === undefined ? undefined : !privilege.held,
      `${path} is ${privilege.text}`,
    ],
  ];
  return {
    blockers: judged.flatMap(([code, holds, detail]) => (holds === true ? [{ code, detail }] : [])),
    ruledOut: judged.flatMap(([code, holds]) => (holds === false ? [code] : [])),
    evidence: privilege.evidence,
  };
}

function known(value: string | undefined, wanted: string): boolean | undefined {
  return value === undefined ? undefined : value === wanted;
}

/** Options of the mount that a path lies on: the longest mount point above it, the last of equals (proc_pid_mountinfo(5)). Pure. */
export function parseMountOptions(mountinfo: string, path: string): readonly string[] | undefined {
  const mounts = mountinfo.split("\n").map((line) => line.split(" "));
  const above = mounts.filter(
    ([, , , , point = ""]) => point === "/" || path === point || path.startsWith(`${point}/`),
  );
  const nearest = above.toSorted((one, other) => (other[4]?.length ?? 0) - (one[4]?.length ?? 0));
  const longest = nearest[0]?.[4]?.length;
  return nearest.findLast((mount) => mount[4]?.length === longest)?.[5]?.split(",");
}
