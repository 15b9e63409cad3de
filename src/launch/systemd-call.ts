/** A plan in systemd's terms: systemd-run(1), version 257 on. Pure. */
import { posix } from "node:path";
import { CupelError } from "../model/error.ts";
import { isWithin } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { layOutEngineRoot, ownFiles, type EngineEntry, type EngineMount, type EngineRoot } from "./engine-root.ts";
import { leftByLauncher, parseLimit } from "./engine-words.ts";
import { gatePlaces } from "./gate-places.ts";
import type { HostPaths } from "./host-paths.ts";
import type { ArchiveEntry } from "./image-archive.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import type { FurtherCall, MadePlan, MakerCall } from "./maker-call.ts";
import { makerInputsMax } from "./protocol.ts";
import { quoteUnitWord, unitWords } from "./systemd-words.ts";

/** The call, and what has to be in the place of this launch before it. */
export interface SystemdCall extends MakerCall {
  /** The name of the service. */
  readonly unit: string;
  readonly contents: {
    readonly directories: readonly string[];
    readonly files: Readonly<Record<string, string>>;
    /** What is in its `root`, which is the unit's. */
    readonly root: readonly ArchiveEntry[];
  };
  readonly furtherCalls: readonly FurtherCall[];
}

/** What the plan leaves open, the directory that is made for this launch, and what only this process knows. */
export interface SystemdBinding extends Pick<LaunchBinding, "outside" | "layer" | "given"> {
  readonly place: string;
  /** By what the manager is found. */
  readonly environment: Readonly<Record<string, string>>;
  /** The launcher. */
  readonly program: Uint8Array;
}

/** It puts nothing of its own over anything. */
const habits = { files: [], putsFilesAlways: false, entersClosed: true } as const;

/** It would make it, and close it (systemd, src/shared/base-filesystem.c): there is nothing in it. */
const ownDirectory: EngineEntry = { kind: "directory", path: "/root", mode: 0o755 };

function entriesOf({ entries, mounts }: EngineRoot): EngineEntry[] {
  const isThere = [...entries.map(({ path }) => path), ...mounts.map(({ destination }) => destination)].includes(
    "/root",
  );
  return isThere ? [...entries] : [...entries, ownDirectory];
}

/** It takes a tenth of a second; a machine with other work to do, seconds. */
const startTimeoutMs = 30_000;

function cannot(what: string): CupelError {
  return new CupelError("set-up", `systemd cannot ${what}`);
}

/** A path of a list of paths. */
function listed(path: string): string {
  const quoted = quoteUnitWord(path);
  if (quoted === undefined)
    throw cannot(`be told of ${JSON.stringify(path)}: it takes no quote and no control character`);
  return quoted;
}

function octal(mode: number): string {
  return `mode=${mode.toString(8).padStart(4, "0")}`;
}

function tmpfsWord(path: string, ...options: readonly string[]): string {
  return `--property=TemporaryFileSystem=${listed(path)}:${options.join(",")}`;
}

/**
 * With all that is mounted below it: a user's manager is not given one mount of several (user_namespaces(7)). Read-only is
 * then each of them.
 */
function bindWord(source: string, destination: string, writable: boolean): string {
  const name = writable ? "BindPaths" : "BindReadOnlyPaths";
  return `--property=${name}=${listed(source)}:${listed(destination)}:rbind`;
}

function mountWord(mount: EngineMount, { place, outside }: SystemdBinding): string {
  const { destination } = mount;
  if (mount.kind === "tmpfs") {
    const { uid, gid } = outside;
    return tmpfsWord(destination, "exec", `size=${mount.sizeBytes}`, octal(mount.mode), `uid=${uid}`, `gid=${gid}`);
  }
  const source = mount.source.startsWith(`${ownFiles}/`) ? `${place}/${mount.source}` : mount.source;
  return bindWord(source, destination, mount.writable);
}

/** What systemd mounts by itself with a PID namespace (`MountAPIVFS=`), and is the host's or nobody's. */
function ownMountWords({ mounts, sharedMemoryBytes }: EngineRoot): string[] {
  const isShown = (path: string): boolean => mounts.some(({ destination }) => isWithin(destination, path));
  return [
    tmpfsWord("/dev/shm", `size=${sharedMemoryBytes}`, "mode=1777"),
    tmpfsWord("/dev/pts", "ro", "size=4096", "mode=0500"),
    ...(isShown("/run") ? [] : [tmpfsWord("/run", "ro", "size=4096", "mode=0755")]),
  ];
}

/** systemd carries what the host has mounted in its /proc over to the unit's own; what is not there is none. */
function maskWords({ masks, mounts }: EngineRoot, { mountPoints }: HostPaths): string[] {
  const carried = mountPoints.filter((path) => path !== "/proc" && isWithin(path, "/proc"));
  const isShown = (path: string): boolean => {
    const around = mounts.findLast(({ destination }) => isWithin(path, destination));
    return around?.kind === "bind" || isWithin(path, "/proc");
  };
  return [...new Set([...masks.filter(isShown), ...carried])].map(
    (path) => `--property=InaccessiblePaths=-+${listed(path)}`,
  );
}

/** What a manager would give a unit instead is its own (systemd.exec(5)), by proc_pid_limits(5)'s titles. */
const limitTitles = {
  LimitCORE: "Max core file size",
  LimitCPU: "Max cpu time",
  LimitDATA: "Max data size",
  LimitFSIZE: "Max file size",
  LimitMEMLOCK: "Max locked memory",
  LimitMSGQUEUE: "Max msgqueue size",
  LimitNOFILE: "Max open files",
  LimitNPROC: "Max processes",
  LimitRTPRIO: "Max realtime priority",
  LimitSIGPENDING: "Max pending signals",
  LimitSTACK: "Max stack size",
} as const;

function limitWords(limits: string): string[] {
  return Object.entries(limitTitles).flatMap(([name, title]) => {
    const given = parseLimit(limits, title)?.map((value) => {
      if (value === undefined) return "infinity";
      return String(name === "LimitNPROC" ? leftByLauncher(value) : value);
    });
    return given === undefined ? [] : [`--property=${name}=${given.join(":")}`];
  });
}

function inputsOf({ mounts }: EngineRoot): { source: string }[] {
  const sources = mounts.flatMap((mount) =>
    mount.kind === "bind" && !mount.source.startsWith(`${ownFiles}/`) ? [{ source: mount.source }] : [],
  );
  if (sources.length > makerInputsMax)
    throw cannot(`be given more than ${makerInputsMax} paths; grant directories that hold them`);
  return sources;
}

/**
 * The call.
 * @throws CupelError `set-up` where the plan asks for what systemd cannot do.
 */
export function callSystemd(plan: MadePlan<"systemd-run">, paths: HostPaths, binding: SystemdBinding): SystemdCall {
  const { place } = binding;
  const { manager, path, controlPath } = plan.maker;
  const root = layOutEngineRoot(plan, paths, binding, habits);
  const unit = `cupel-${posix.basename(place)}.service`;
  const launcher: ArchiveEntry = { kind: "file", path: gatePlaces.launcher, content: binding.program, mode: 0o555 };
  return {
    unit,
    path,
    arguments: [
      ...unitWords(manager, unit),
      ...privateNetwork(plan),
      `--property=RootDirectory=${place}/root`,
      ...limitWords(paths.limits),
      ...ownMountWords(root),
      ...root.mounts.map((mount) => mountWord(mount, binding)),
      ...maskWords(root, paths),
      gatePlaces.launcher,
      "input",
    ],
    environment: binding.environment,
    inputs: inputsOf(root),
    startTimeoutMs,
    isEngine: true,
    joinsByInput: true,
    furtherCalls: [{ time: "afterLoss", path: controlPath, arguments: [`--${manager}`, "--quiet", "stop", unit] }],
    contents: {
      directories: ["root", ownFiles],
      files: Object.fromEntries(root.files.map((content, index) => [`${ownFiles}/${index}`, content])),
      root: [
        ...entriesOf(root),
        { kind: "directory", path: posix.dirname(gatePlaces.launcher), mode: 0o755 },
        launcher,
      ],
    },
  };
}

function privateNetwork({ namespaces }: LauncherPlan): string[] {
  return namespaces.includes("network") ? ["--property=PrivateNetwork=yes"] : [];
}
