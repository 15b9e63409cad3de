/** Hosts that are not there: a tree of files, programs with their output, and helpers that say what they are told to. */
import type { Answer, FileStatus, Host, ProgramResult } from "../../src/host/host.ts";
import type { HelperPort, Place, ProberResult, ProberStep, RehearsalResult } from "../../src/launch/helper-port.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { ProbeContext } from "../../src/probes/_probe.ts";

/** A file by its text, or whatever else is at a path. What lies above a path is a directory without saying so. */
export type FixtureFile =
  | string
  | { readonly text?: string; readonly status?: Partial<FileStatus> }
  | { readonly bytes: Uint8Array }
  | { readonly link: string }
  | { readonly errno: string };

/** What a fixture host is made of; what is left out is plain: Linux on x64, an ordinary user, nothing there. */
export interface FixtureHostParts {
  readonly platform?: NodeJS.Platform;
  readonly architecture?: string;
  readonly uid?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly files?: Readonly<Record<string, FixtureFile>>;
  /** Programs in PATH by path, with what each prints and ends with, or by `PATH ARGUMENTS` what it says to these. */
  readonly programs?: Readonly<Record<string, ProgramResult | string>>;
  readonly groups?: readonly number[];
}

const plainStatus: FileStatus = {
  kind: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  modifiedMs: 0,
  inode: 1,
  device: 1,
  deviceNumber: 0,
};

function fail<T>(errno: string): Answer<T> {
  return { ok: false, errno };
}

/** A host over such parts. */
export function createFixtureHost(parts: FixtureHostParts): Host {
  const files = parts.files ?? {};
  const isDirectory = (path: string): boolean =>
    Object.keys(files).some((name) => name.startsWith(path === "/" ? "/" : `${path}/`));
  const read = (path: string): Answer<string> => {
    const file = files[path];
    if (file === undefined) return fail(isDirectory(path) ? "EISDIR" : "ENOENT");
    if (typeof file === "string") return { ok: true, value: file };
    if ("errno" in file) return fail(file.errno);
    if ("link" in file) return file.link === path ? fail("ELOOP") : read(file.link);
    if ("bytes" in file) return { ok: true, value: new TextDecoder().decode(file.bytes) };
    return { ok: true, value: file.text ?? "" };
  };
  const readBytes = (path: string): Answer<Uint8Array> => {
    const file = files[path];
    if (typeof file === "object" && "bytes" in file) return { ok: true, value: file.bytes };
    const text = read(path);
    return text.ok ? { ok: true, value: new TextEncoder().encode(text.value) } : text;
  };
  const status = (path: string): Answer<FileStatus> => {
    const file = files[path];
    if (file === undefined)
      return isDirectory(path) ? { ok: true, value: { ...plainStatus, kind: "directory" } } : fail("ENOENT");
    if (typeof file === "object" && "errno" in file) return fail(file.errno);
    if (typeof file === "object" && "link" in file) return file.link === path ? fail("ELOOP") : status(file.link);
    return {
      ok: true,
      value: { ...plainStatus, ...(typeof file === "object" && "status" in file ? file.status : {}) },
    };
  };
  const findPrograms = (name: string): string[] =>
    Object.keys(parts.programs ?? {}).filter((path) => path.endsWith(`/${name}`) && !path.includes(" "));
  const uid = parts.uid ?? 1000;
  return {
    platform: parts.platform ?? "linux",
    architecture: parts.architecture ?? "x64",
    identity: { uid, gid: uid, groups: parts.groups ?? [uid] },
    environment: parts.environment ?? {},
    directory: parts.directory ?? "/home/user/project",
    readText: read,
    readBytes,
    list: (path) => {
      const start = path === "/" ? "/" : `${path}/`;
      const below = Object.keys(files).filter((name) => name.startsWith(start));
      const names = new Set(below.map((name) => name.slice(start.length).split("/")[0] ?? ""));
      return below.length === 0 ? fail("ENOENT") : { ok: true, value: [...names].toSorted() };
    },
    status,
    linkStatus: (path) =>
      typeof files[path] === "object" && "link" in files[path]
        ? { ok: true, value: { ...plainStatus, kind: "symlink" } }
        : status(path),
    readLink: (path) => {
      const file = files[path];
      return typeof file === "object" && "link" in file ? { ok: true, value: file.link } : fail("EINVAL");
    },
    realPath: (path) => {
      const file = files[path];
      return { ok: true, value: typeof file === "object" && "link" in file ? file.link : path };
    },
    findProgram: (name) => findPrograms(name)[0],
    findPrograms,
    run: (program, programArguments) => {
      const result = findAnswer(parts.programs ?? {}, [program, ...programArguments]);
      if (result === undefined) return Promise.resolve({ status: "not-started", errno: "ENOENT" });
      return Promise.resolve(typeof result === "string" ? exited(0, result) : result);
    },
  };
}

/** The answer to the most of these words; that to the program alone where there is none. */
function findAnswer(
  programs: Readonly<Record<string, ProgramResult | string>>,
  words: readonly string[],
): ProgramResult | string | undefined {
  for (let count = words.length; count > 0; count--) {
    const answer = programs[words.slice(0, count).join(" ")];
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** A program that ended with this code. */
export function exited(code: number, stdout: string, stderr = ""): ProgramResult {
  return { status: "exited", code, signal: null, stdout, stderr, durationMs: 3 };
}

/** Steps of the prober, one a line: name, errno, and where there is one a value and a text. */
export function steps(transcript: string): ProberStep[] {
  const lines = transcript.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [step = "", errno = "ok", value = "0", ...text] = line.trim().split(" ");
    return { step, errno, value: Number(value), text: text.join(" ") };
  });
}

/** What the helpers say: by probe (with its first argument, where that matters), and to a rehearsal. */
export interface FixtureHelpers {
  readonly transcripts?: Readonly<Record<string, string | ProberResult>>;
  readonly rehearse?: RehearsalResult | ((plan: LauncherPlan) => RehearsalResult);
  /** Why there is no place for a container's root. */
  readonly noPlace?: string;
}

/** Where fixture hosts have their state. */
const statePlace = "/state";

/** Inodes that no namespace of a fixture host has outside. */
const namespacesInside = { user: 501, mount: 502, pid: 503, ipc: 504, uts: 505, cgroup: 506, network: 507 };

/** A launch that got everywhere. */
export const ready: RehearsalResult = { status: "ready", namespaces: namespacesInside, durationMs: 2 };

/** A launch that was stopped. */
export function failed(step: string, errno: string, subject = ""): RehearsalResult {
  return { status: "failed", step, errno, subject };
}

/** Helpers that say so; a probe without a transcript crashes, as where the prober cannot be started. */
export function createFixtureHelpers(parts: FixtureHelpers, host: Host = createFixtureHost({})): HelperPort {
  const { transcripts = {}, rehearse = ready, noPlace } = parts;
  const placed = (path: string): Promise<Place> =>
    Promise.resolve(noPlace === undefined ? { ok: true, path } : { ok: false, reason: noPlace });
  return {
    keep: (program, programArguments, options) => host.run(program, programArguments, options),
    root: () => placed(`${statePlace}/root`),
    place: (name) => placed(`${statePlace}/engines/${name}`),
    withRootArchive: async (use) => use(await placed(`${statePlace}/root.tar`)),
    probe: (name, probeArguments) => {
      const said = transcripts[`${name} ${probeArguments[0] ?? ""}`] ?? transcripts[name];
      if (said === undefined)
        return Promise.resolve({ status: "crashed", steps: [], detail: "the prober could not be started" });
      return Promise.resolve(typeof said === "string" ? { status: "ended", steps: steps(said), durationMs: 2 } : said);
    },
    rehearse: (plan) => Promise.resolve(typeof rehearse === "function" ? rehearse(plan) : rehearse),
  };
}

/** A host with its helpers, as fixtures are kept. */
export interface Fixture {
  readonly host: FixtureHostParts;
  readonly helpers: FixtureHelpers;
}

/** What a probe is given on such a host. */
export function createFixtureContext({ host, helpers }: Fixture): ProbeContext {
  const made = createFixtureHost(host);
  return { host: made, helpers: createFixtureHelpers(helpers, made), deep: false };
}
