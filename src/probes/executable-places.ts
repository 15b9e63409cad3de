/** Where a program can be put and run: helpers and jobs' own tools need at least one such place. */
import { stateDirectories } from "../host/private-directory.ts";
import type { Host } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { nearestDirectory } from "./_nearest-directory.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { numberOf, readSetting, settingEvidence, settingWords } from "./_settings.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

const ids = ["place.memfd", "place.temporary", "place.shared-memory", "place.state", "place.directory"] as const;

/** A place by the name that the prober gives its steps. */
interface Place {
  readonly name: string;
  readonly path: string;
}

function listPlaces(host: Host): Record<"temporary" | "sharedMemory" | "state" | "current", readonly Place[]> {
  const [state = "/"] = stateDirectories(host);
  const runtime = host.environment["XDG_RUNTIME_DIR"];
  return {
    temporary: [
      { name: "tmp", path: "/tmp" },
      { name: "var-tmp", path: "/var/tmp" },
      ...(runtime?.startsWith("/") === true ? [{ name: "runtime", path: runtime }] : []),
    ],
    sharedMemory: [{ name: "shm", path: "/dev/shm" }],
    state: [{ name: "state", path: nearestDirectory(host, state) }],
    current: [{ name: "current", path: host.directory }],
  };
}

async function run({ host, helpers }: ProbeContext) {
  const places = listPlaces(host);
  const words = Object.values(places)
    .flat()
    .map(({ name, path }) => `${name}=${path}`);
  const reading = readSteps("places", await helpers.probe("places", words, 3000));
  return {
    "place.memfd": judgeMemory(host, reading),
    "place.temporary": judgePlaces(reading, places.temporary),
    "place.shared-memory": judgePlaces(reading, places.sharedMemory),
    "place.state": judgePlaces(reading, places.state),
    "place.directory": judgePlaces(reading, places.current),
  };
}

/** What the prober did in one place, in words. */
function evidenceAt(reading: Reading, { name, path }: Place): Evidence[] {
  const created = reading.steps.get(`${name}-create`);
  if (created === undefined) return [];
  const how = created.errno === "ok" ? (created.value === 2 ? "ok, with a name" : "ok, without a name") : created.errno;
  const rest = ["write", "reopen", "run", "map"].filter((what) => errnoAt(reading, `${name}-${what}`) !== undefined);
  const words: Readonly<Record<string, string>> = {
    write: `write a program there`,
    reopen: `open it again through /proc`,
    run: `execute it`,
    map: `map it as code`,
  };
  return [
    { action: `make a file in ${path}`, result: how },
    ...rest.map((what) => ({ action: words[what] ?? what, result: errnoAt(reading, `${name}-${what}`) ?? "" })),
  ];
}

type Verdict = "runs" | "noexec" | "not-writable" | "not-told";

function verdictAt(reading: Reading, { name }: Place): Verdict {
  const [created, written, ran] = ["create", "write", "run"].map((what) => errnoAt(reading, `${name}-${what}`));
  if (created === undefined) return "not-told";
  if (created !== "ok" || (written !== undefined && written !== "ok")) return "not-writable";
  if (ran === undefined) return "not-told";
  return ran === "ok" ? "runs" : "noexec";
}

/** execve(2): EACCES for a file on a mount with noexec; the file's own mode allows it. */
function noExecution(reading: Reading, { name, path }: Place): Blocker {
  const errno = errnoAt(reading, `${name}-run`) ?? "";
  return errno === "EACCES"
    ? { code: "noexec", detail: `${path} is mounted noexec (${errno} for a file that was just written)` }
    : { code: "unknown", detail: `a program in ${path} is not executed (${errno})` };
}

function judgePlaces(reading: Reading, places: readonly Place[]): Finding {
  const evidence = places.flatMap((place) => evidenceAt(reading, place));
  const by = (verdict: Verdict): Place[] => places.filter((place) => verdictAt(reading, place) === verdict);
  const [runs, noexec, readOnly] = [by("runs"), by("noexec"), by("not-writable")];
  const parts = { level: "exercised", evidence } as const;
  const names = (some: readonly Place[]): string => some.map(({ path }) => path).join(" and ");
  const blockers = noexec.map((place) => noExecution(reading, place));
  const value = runs[0]?.path;
  if (runs.length > 0) {
    const summary = `a program that was written to ${names(runs)} runs`;
    if (blockers.length === 0) return finding({ ...parts, state: "works", summary, value });
    const without = `${summary}; not in ${names(noexec)}`;
    return finding({ ...parts, state: "degraded", summary: without, blockers, value });
  }
  if (blockers.length > 0) {
    const summary = `a program that was written to ${names(noexec)} does not run`;
    return finding({ ...parts, state: "blocked", summary, blockers });
  }
  if (readOnly.length > 0 && readOnly.length === places.length) {
    return finding({ ...parts, state: "absent", summary: `this user can write no file to ${names(readOnly)}` });
  }
  const unknown = notEstablished(reading, "write and execute a program");
  return evidence.length === 0 ? unknown : { ...unknown, evidence };
}

/** memfd_create(2): since Linux 6.3 vm.memfd_noexec 1 takes the right to execute unless asked for, 2 always. */
function judgeMemory(host: Host, reading: Reading): Finding {
  const setting = readSetting(host, "vm.memfd_noexec");
  const evidence = [
    ...evidenceOf(reading, {
      "memfd-create": "memfd_create()",
      "memfd-run": "execute a program in it",
      "memfd-exec-create": "memfd_create(MFD_EXEC)",
      "memfd-exec-run": "execute a program in that",
      "memfd-sealed-create": "memfd_create(MFD_NOEXEC_SEAL)",
      "memfd-sealed-run": "execute a program in the sealed one",
    }),
    settingEvidence(setting),
  ];
  const [created, plain, marked] = ["memfd-create", "memfd-run", "memfd-exec-run"].map((step) =>
    errnoAt(reading, step),
  );
  const parts = { level: "exercised", evidence } as const;
  if (plain === "ok") {
    return finding({ ...parts, state: "works", summary: "a program in unnamed memory runs", value: "plain" });
  }
  if (marked === "ok") {
    const summary = "a program in unnamed memory runs only where it was asked for (MFD_EXEC)";
    const blocker: Blocker = { code: "sysctl", detail: settingWords(setting) };
    return finding({ ...parts, state: "degraded", summary, blockers: [blocker], value: "marked" });
  }
  if (created === undefined || (created === "ok" && plain === undefined)) {
    return { ...notEstablished(reading, "execute a program in unnamed memory"), evidence };
  }
  if (created === "ENOSYS") return finding({ ...parts, state: "absent", summary: "no memfd_create (ENOSYS)" });
  const blocker = explainMemory(setting, created === "ok" ? (plain ?? "") : created, created === "ok");
  return finding({ ...parts, state: "blocked", summary: blocker.detail, blockers: [blocker] });
}

function explainMemory(setting: ReturnType<typeof readSetting>, errno: string, isCreated: boolean): Blocker {
  if ((numberOf(setting) ?? 0) > 0) {
    return { code: "sysctl", detail: `no program in unnamed memory runs (${errno}): ${settingWords(setting)}` };
  }
  return isCreated
    ? { code: "unknown", detail: `no program in unnamed memory runs (${errno}); a security module may deny it` }
    : { code: "seccomp", detail: `memfd_create is answered with ${errno}: a system call filter denies it` };
}

/** Probe `executable-places`. */
export default defineProbe({
  id: "executable-places",
  area: "mounts",
  capabilities: {
    "place.memfd": "Programs in unnamed memory",
    "place.temporary": "Programs in temporary directories",
    "place.shared-memory": "Programs in /dev/shm",
    "place.state": "Programs in the state directory",
    "place.directory": "Programs in the current directory",
  },
  deadlineMs: 4000,
  run: onLinux(ids, run),
});
