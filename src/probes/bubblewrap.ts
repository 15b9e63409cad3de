/** bubblewrap, with the flags that a job's sandbox needs: a program of that name that isolates nothing must not pass for it. */
import type { Finding } from "../model/capability.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { askVersion, endedWell, findProgram, type SaidVersion } from "./_program.ts";
import { errnoAt, type Reading } from "./_steps.ts";

const deadlineMs = 2000;

/** --disable-userns came with 0.8.0 (NEWS): without it a job can make user namespaces, the kernel's largest surface. */
const oldestVersion = [0, 8] as const;

/** Options by the name that the finding gives them; what --help does not list, this bwrap lacks. */
const features = {
  "--disable-userns": "--disable-userns",
  "--size": "--size",
  "--argv0": "--argv0",
  overlays: "--overlay",
} as const;

const sandbox = [
  ["--unshare-all", "--unshare-user"],
  ["--cap-drop", "ALL", "--new-session", "--die-with-parent", "--clearenv"],
  ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--chdir", "/"],
].flat();

async function run(context: ProbeContext) {
  return { "program.bwrap": await probeBubblewrap(context) };
}

async function probeBubblewrap(context: ProbeContext): Promise<Finding> {
  const { host } = context;
  const version = await askVersion(host, findProgram(host, "bwrap"));
  if (!version.ok) return version.finding;
  const tooOld = judgeVersion(version);
  if (tooOld !== undefined) return tooOld;
  const [help, root, place] = await Promise.all([
    host.run(version.path, ["--help"], { deadlineMs }),
    context.helpers.root(),
    context.helpers.place("bubblewrap", { canary: "cupel\n" }),
  ]);
  const options = endedWell(help) ? help.stdout + help.stderr : "";
  if (!root.ok || !place.ok) return notTried(version, root.ok && !place.ok ? place.reason : root.ok ? "" : root.reason);
  return exercise(context, { version, options, root: root.path, place: place.path });
}

function notTried(version: Extract<SaidVersion, { ok: true }>, reason: string): Finding {
  const evidence = [...version.evidence, { action: "make a place for the prober", result: reason }];
  const summary = `${version.path}: ${version.line}; could not be tried: ${reason}`;
  return finding({ state: "unknown", level: "declared", summary, evidence });
}

function judgeVersion({ path, line, evidence }: Extract<SaidVersion, { ok: true }>): Finding | undefined {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(line) ?? []).slice(1).map(Number);
  const [majorMin, minorMin] = oldestVersion;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return undefined;
  const detail = `bwrap ${major}.${minor} has no --disable-userns, which came with ${oldestVersion.join(".")}`;
  const blockers = [{ code: "package-version", detail }] as const;
  return finding({ state: "blocked", level: "declared", summary: `${path}: ${detail}`, evidence, blockers });
}

interface Trial {
  readonly version: Extract<SaidVersion, { ok: true }>;
  readonly options: string;
  /** Where the prober is. */
  readonly root: string;
  /** Where the canary is. */
  readonly place: string;
}

/** The canary can be read and written outside; inside it can be read only. */
async function exercise(context: ProbeContext, { version, options, root, place }: Trial): Promise<Finding> {
  const { host } = context;
  const status = host.status(version.path);
  // A set-uid bwrap refuses --disable-userns: bubblewrap.c, "not supported in setuid mode".
  const isSetUid = status.ok && (status.value.mode & 0o4000) !== 0 && host.identity.uid !== 0;
  const flags = isSetUid ? sandbox : [...sandbox, "--disable-userns"];
  const canaries = [`read=${place}/canary`, `write=${place}/canary`];
  // Both may lie in /dev/shm, which the sandbox's own /dev covers.
  const binds = [root, place].flatMap((path) => ["--ro-bind", path, path]);
  const words = [...flags, ...binds, "--", `${root}/prober`, "inside", ...canaries];
  const [outside, result] = await Promise.all([
    lookOutside(context, canaries),
    host.run(version.path, words, { deadlineMs }),
  ]);
  const control = { action: "open the canary for writing outside", result: errnoAt(outside, "write") ?? "not reached" };
  const engine: EngineRun = {
    name: version.line,
    action: `bwrap ${flags.join(" ")} -- prober`,
    result,
    namespaces: ["network", "pid", "mount", "ipc", "uts", "user"],
    lacks: (inside) => findLeak(inside, isSetUid),
    evidence: [...version.evidence, { action: "mode of bwrap", result: isSetUid ? "set-uid" : "plain" }, control],
    summary: () =>
      `${version.path}${whoseIs(version)}: a job saw its files, wrote none of them, and was alone; ${listFeatures(options)}`,
  };
  const judged = judgeIsolation(engine, outside);
  if (judged === undefined) return judgeEngineFailure(context, engine);
  if (judged.state === "broken") return { ...judged, summary: `${version.path}: ${judged.summary}` };
  if (judged.state !== "works") return judged;
  if (errnoAt(outside, "write") !== "ok") return uncontrolled(judged, errnoAt(outside, "write"));
  return isSetUid ? withoutDisable(judged) : { ...judged, value: version.path };
}

function findLeak(inside: Reading, isSetUid: boolean): string | undefined {
  if (errnoAt(inside, "read") !== "ok") return `what should be visible cannot be read (${errnoAt(inside, "read")})`;
  if (errnoAt(inside, "write") !== "EROFS")
    return `a write into the read-only root gave ${errnoAt(inside, "write") ?? "nothing"}, not EROFS`;
  if (!isSetUid && errnoAt(inside, "unshare-user") === "ok") return "a user namespace could be made inside";
  return undefined;
}

function uncontrolled(judged: Finding, errno: string | undefined): Finding {
  const summary = `could not be established: what is denied inside is denied outside too (${errno ?? "not reached"})`;
  return { ...judged, state: "unknown", level: "inferred", summary };
}

function withoutDisable(judged: Finding): Finding {
  const detail = "set-uid: it does not take --disable-userns, so a job can make user namespaces";
  const blockers = [{ code: "policy", detail }] as const;
  return { ...judged, state: "degraded", level: "exercised", summary: `${judged.summary}; ${detail}`, blockers };
}

/** `cupel bwrap` does what bubblewrap does: it is another maker of sandboxes by its path alone. */
function whoseIs({ line }: Extract<SaidVersion, { ok: true }>): string {
  return line.endsWith("(cupel)") ? " (made by cupel bwrap)" : "";
}

function listFeatures(help: string): string {
  const words = new Set(help.split(/\s+/));
  const missing = Object.entries(features).filter(([, option]) => !words.has(option));
  return missing.length === 0 ? "no option is missing" : `it has no ${missing.map(([name]) => name).join(", ")}`;
}

/** Probe `bubblewrap`. */
export default defineProbe({
  id: "bubblewrap",
  area: "programs",
  capabilities: { "program.bwrap": "bubblewrap" },
  pace: "slow",
  deadlineMs: 8000,
  run: onLinux(["program.bwrap"], run),
});
