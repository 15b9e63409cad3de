/** Calls on files that sandboxes rest on: safe lookups, exact renames, and what the current directory can hold. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { fileSystemName } from "./_file-system-names.ts";
import { explainMissingCall } from "./_missing-call.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["file.openat2", "file.rename", "file.workspace"] as const;

async function run({ host, helpers }: ProbeContext) {
  const reading = readSteps("file-calls", await helpers.probe("file-calls", [host.directory], 4000));
  return {
    "file.openat2": judgeLookups(reading, host),
    "file.rename": judgeRenames(reading),
    "file.workspace": judgeDirectory(reading, host.directory),
  };
}

/** openat2(2): the errno that each rule gives, beside the same lookup without it. */
const lookups: Readonly<Record<string, string>> = {
  "link-control": "ok",
  "link-denied": "ELOOP",
  "magic-control": "ok",
  "magic-denied": "ELOOP",
  "above-control": "ok",
  "above-denied": "EXDEV",
  "beneath-allowed": "ok",
  "in-root-allowed": "ok",
  "mount-denied": "EXDEV",
};

function judgeLookups(reading: Reading, host: Host): Finding {
  const evidence = evidenceOf(reading, {
    "lookup-proc": "open /proc",
    "link-control": "look up /proc/mounts, a symlink",
    "link-denied": "the same with NO_SYMLINKS",
    "magic-control": "look up /proc/self/root",
    "magic-denied": "the same with NO_MAGICLINKS",
    "escape-denied": "the same with BENEATH",
    "above-control": "look up .. of /proc",
    "above-denied": "the same with BENEATH",
    "beneath-allowed": "a symlink that stays inside, with BENEATH",
    "in-root-allowed": "an absolute path with IN_ROOT",
    "mount-denied": "cross into /proc with NO_XDEV",
  });
  const first = errnoAt(reading, "link-control");
  const escape = errnoAt(reading, "escape-denied");
  const parts = { level: "exercised", evidence } as const;
  if (first === undefined) return { ...notEstablished(reading, "openat2"), evidence };
  if (allGave(reading, lookups) && (escape === "EXDEV" || escape === "ELOOP")) {
    const summary = "a lookup that leads out is refused, one that stays inside is not";
    return finding({ ...parts, state: "works", level: "enforced", summary });
  }
  if (first === "ENOSYS") {
    const { state, blocker } = explainMissingCall(host, "openat2(2)", [5, 6]);
    return finding({ ...parts, state, summary: blocker.detail, blockers: [blocker] });
  }
  if (first === "EPERM" || first === "EACCES") {
    const blocker = { code: "seccomp", detail: `a system call filter answers ${first} to openat2` } as const;
    return finding({ ...parts, state: "blocked", summary: blocker.detail, blockers: [blocker] });
  }
  const control = Object.keys(lookups).find((step) => step.endsWith("-control") && errnoAt(reading, step) !== "ok");
  if (control !== undefined) {
    const summary = `could not be established: a lookup without rules fails (${control}: ${errnoAt(reading, control) ?? "not reached"})`;
    return finding({ ...parts, state: "unknown", level: "inferred", summary });
  }
  return finding({ ...parts, state: "broken", summary: "a rule for lookups does not hold" });
}

/** renameat2(2). */
function judgeRenames(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "rename-bad": "renameat2(unknown flag)",
    "rename-place": "a tmpfs of its own",
    "rename-onto": "rename onto a name that is taken, with NOREPLACE",
    "rename-free": "rename to one that is not",
    "rename-exchange": "exchange two names",
    "rename-missing": "exchange with a name that is not there",
  });
  const parts = { level: "exercised", evidence } as const;
  const expected = {
    "rename-onto": "EEXIST",
    "rename-free": "ok",
    "rename-exchange": "ok",
    "rename-missing": "ENOENT",
  };
  if (allGave(reading, expected)) {
    const summary = "names are exchanged at once, and none is replaced that should not be";
    return finding({ ...parts, state: "works", level: "enforced", summary });
  }
  const bad = errnoAt(reading, "rename-bad");
  if (bad === undefined) return { ...notEstablished(reading, "renameat2"), evidence };
  if (bad === "ENOSYS") return finding({ ...parts, state: "absent", summary: "no renameat2 (ENOSYS)" });
  if (bad === "EPERM" || bad === "EACCES") {
    const blocker = { code: "seccomp", detail: `a system call filter answers ${bad} to renameat2` } as const;
    return finding({ ...parts, state: "blocked", summary: blocker.detail, blockers: [blocker] });
  }
  if ((errnoAt(reading, "rename-place") ?? "ok") !== "ok" || errnoAt(reading, "rename-onto") === undefined) {
    const summary = "the call is there, but no file system of its own to try it on without leaving a name";
    return finding({ ...parts, level: "inferred", state: "unknown", summary });
  }
  return finding({ ...parts, state: "broken", summary: "a rename does not keep to its flags" });
}

/** What the current directory's file system can do, by step; those that are needed, and those that only help. */
const abilities = {
  mode: "modes",
  lock: "locks",
  attribute: "user attributes",
  allocate: "preallocation",
  clone: "clones of files",
} as const;

function judgeDirectory(reading: Reading, directory: string): Finding {
  const evidence: Evidence[] = evidenceOf(reading, {
    birth: `statx ${directory}, whether it tells the time of birth`,
    unnamed: "make a file without a name there",
    write: "write to it",
    mode: "give it an odd mode and read that back",
    attribute: "give it a user attribute",
    allocate: "allocate a page of it",
    clone: "clone it (FICLONE)",
    lock: "lock it",
    "lock-denied": "lock it once more through another descriptor",
  });
  const type = valueAt(reading, "type");
  const name = type === undefined ? "its file system" : fileSystemName(type);
  const made = errnoAt(reading, "unnamed");
  const parts = { level: "exercised", evidence, value: name } as const;
  if (made === undefined) return { ...notEstablished(reading, "make a file without a name"), evidence };
  if (made === "EOPNOTSUPP" || made === "EISDIR" || made === "ENOENT") {
    const summary = `${name} has no files without a name (${made}), and one with a name could be left behind: not tried`;
    return finding({ ...parts, level: "inferred", state: "unknown", summary });
  }
  if (made !== "ok") {
    return finding({ ...parts, state: "absent", summary: `this user can write no file to ${directory} (${made})` });
  }
  const can = (step: string): boolean =>
    errnoAt(reading, step) === "ok" && (step !== "lock" || errnoAt(reading, "lock-denied") === "EAGAIN");
  const has = Object.entries(abilities).filter(([step]) => can(step));
  const lacks = Object.entries(abilities).filter(([step]) => !can(step));
  const list = (some: readonly (readonly [string, string])[]): string => some.map(([, word]) => word).join(", ");
  const summary = `${name}: ${list(has) || "nothing"}${lacks.length === 0 ? "" : `; without ${list(lacks)}`}`;
  const isWhole = errnoAt(reading, "write") === "ok" && can("mode") && can("lock");
  return finding({ ...parts, state: isWhole ? "works" : "degraded", summary });
}

/** Probe `file-system-calls`. */
export default defineProbe({
  id: "file-system-calls",
  area: "mounts",
  capabilities: {
    "file.openat2": "Safe lookups",
    "file.rename": "Exact renames",
    "file.workspace": "Files of the current directory",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
