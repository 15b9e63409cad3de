/** A plan in Docker's terms: docker-run(1), client and engine of version 20.10 on. Pure. */
import { posix } from "node:path";
import { CupelError } from "../model/error.ts";
import { isWithin } from "../model/job.ts";
import { gatePlaces } from "./gate-places.ts";
import type { ArchiveEntry } from "./image-archive.ts";
import { layOutEngineRoot, ownFiles, type EngineMount, type EngineRoot } from "./engine-root.ts";
import { joined, leftByLauncher, parseLimit } from "./engine-words.ts";
import type { HostPaths } from "./host-paths.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import type { FurtherCall, MadePlan, MakerCall } from "./maker-call.ts";
import { makerInputsMax } from "./protocol.ts";

/** The call, and what has to be there before it. */
export interface DockerCall extends MakerCall {
  /** In the place of this launch: directories, and files with their content. */
  readonly contents: {
    readonly directories: readonly string[];
    readonly files: Readonly<Record<string, string>>;
  };
  /** What `image.tar` there is made of. */
  readonly image: readonly ArchiveEntry[];
  readonly gate: string;
  readonly furtherCalls: readonly FurtherCall[];
}

/** What the plan leaves open, the directory that is made for this launch, and what only this process knows. */
export interface DockerBinding extends Pick<LaunchBinding, "outside" | "layer" | "given"> {
  readonly place: string;
  /** See {@link dockerEnvironment}. */
  readonly environment: Readonly<Record<string, string>>;
  /** The launcher. */
  readonly program: Uint8Array;
}

/** It puts its own over these whatever network a job has. */
const habits = {
  files: ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"],
  putsFilesAlways: true,
  mark: "/.dockerenv",
  entersClosed: true,
} as const;

/** Besides what the plan says: what no job has, whatever it asks for. */
const hardened = [
  "--rm",
  "--pull=never",
  "--read-only",
  "--no-healthcheck",
  "--log-driver=none",
  // Whatever ends the daemon ends the container: its first process heeds no other signal.
  "--stop-signal=SIGKILL",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  // The launcher inside loads the job's, and an engine's own beside it would make of it another one.
  "--security-opt=seccomp=unconfined",
  "--security-opt=label=disable",
  "--ipc=private",
  "--cgroupns=private",
] as const;

function cannot(what: string): CupelError {
  return new CupelError("set-up", `Docker cannot ${what}`);
}

/** `--tmpfs` has an end of its path where the first colon is. */
function tmpfsWord(path: string, ...options: readonly string[]): string {
  if (path.includes(":")) throw cannot(`mount anything in memory at ${path}: to it, a colon begins the options`);
  return `--tmpfs=${path}:${options.join(",")}`;
}

function octal(mode: number): string {
  return `mode=${mode.toString(8).padStart(4, "0")}`;
}

/** Who the job is to the daemon: in the user namespace of one without root's rights the caller is root. */
function identityOf({ maker }: MadePlan<"docker">, { outside }: DockerBinding): DockerBinding["outside"] {
  return maker.rootlessDaemon !== undefined ? { uid: 0, gid: 0 } : outside;
}

function mountWord(mount: EngineMount, plan: MadePlan<"docker">, binding: DockerBinding): string {
  const { destination } = mount;
  if (mount.kind === "tmpfs") {
    const { uid, gid } = identityOf(plan, binding);
    return tmpfsWord(destination, "exec", `size=${mount.sizeBytes}`, octal(mount.mode), `uid=${uid}`, `gid=${gid}`);
  }
  const source = mount.source.startsWith(`${ownFiles}/`) ? `${binding.place}/${mount.source}` : mount.source;
  return bindWord(source, destination, mount.writable);
}

/** Of one mount: those below it are asked for one by one, so that each is read-only that is to be. */
function bindWord(source: string, destination: string, writable: boolean): string {
  const access = writable ? [] : ["readonly"];
  const words = [`source=${source}`, `destination=${destination}`, ...access, "bind-nonrecursive"];
  return `--mount=${joined("type=bind", ...words)}`;
}

/** To its owner, too: in the user namespace of a daemon without root's rights that is the job. */
const closed = 0;

/** Nothing in it. */
function emptyWord(path: string, mode: number): string {
  return tmpfsWord(path, "ro", "size=4096", octal(mode));
}

/** What the container would show of it; nothing is made in /proc but by the runtime, which hides what is dangerous there. */
function maskWords(root: EngineRoot, { lookUp }: HostPaths): string[] {
  return root.masks.flatMap((path) => {
    const around = root.mounts.findLast(({ destination }) => isWithin(path, destination));
    if (isWithin(path, "/proc") || around?.kind !== "bind") return [];
    const found = lookUp(around.source + path.slice(around.destination.length));
    if (found === "none") return [];
    return [found === "directory" ? emptyWord(path, 0o555) : bindWord("/dev/null", path, false)];
  });
}

/** What a daemon would give a container instead is its own (docker-run(1), `--ulimit`), by proc_pid_limits(5)'s titles. */
const limitTitles = {
  core: "Max core file size",
  cpu: "Max cpu time",
  data: "Max data size",
  fsize: "Max file size",
  memlock: "Max locked memory",
  msgqueue: "Max msgqueue size",
  nofile: "Max open files",
  nproc: "Max processes",
  rtprio: "Max realtime priority",
  sigpending: "Max pending signals",
  stack: "Max stack size",
} as const;

function limitWords(limits: string): string[] {
  return Object.entries(limitTitles).flatMap(([name, title]) => {
    const given = parseLimit(limits, title)?.map((value) => {
      if (value === undefined) return -1;
      return name === "nproc" ? leftByLauncher(value) : value;
    });
    return given === undefined ? [] : [`--ulimit=${name}=${given.join(":")}`];
  });
}

/** It takes half a second; a machine with other work to do, seconds. */
const startTimeoutMs = 30_000;

function inputsOf({ mounts }: EngineRoot): { source: string }[] {
  const sources = mounts.flatMap((mount) =>
    mount.kind === "bind" && !mount.source.startsWith(`${ownFiles}/`) ? [{ source: mount.source }] : [],
  );
  if (sources.length > makerInputsMax)
    throw cannot(`be given more than ${makerInputsMax} paths; grant directories that hold them`);
  return sources;
}

/** Where a daemon without root's rights is, its host's network is another one than this machine's. */
function networkWord({ namespaces, maker }: MadePlan<"docker">): string {
  if (namespaces.includes("network")) return "--network=none";
  if (maker.rootlessDaemon !== undefined)
    throw cannot("share the host's network: a daemon without root's rights shares its own");
  return "--network=host";
}

/**
 * The launcher maps root of the daemon's user namespace into the job's, which takes this capability of whoever made that one
 * (user_namespaces(7), Linux 5.12). It goes with the daemon's user namespace, which the launcher leaves.
 */
const rootlessCapability = "--cap-add=SETFCAP";

function runWords(plan: MadePlan<"docker">, paths: HostPaths, binding: DockerBinding, root: EngineRoot): string[] {
  const { uid, gid } = identityOf(plan, binding);
  const { runtime } = plan.maker;
  return [
    ...(runtime === undefined ? [] : [`--runtime=${runtime}`]),
    networkWord(plan),
    ...(plan.hostname === undefined ? [] : [`--hostname=${plan.hostname}`]),
    `--user=${uid}:${gid}`,
    ...(plan.maker.rootlessDaemon === undefined ? [] : [rootlessCapability]),
    ...limitWords(paths.limits),
    `--shm-size=${root.sharedMemoryBytes}`,
    ...root.mounts.map((mount) => mountWord(mount, plan, binding)),
    bindWord(`${binding.place}/gate`, gatePlaces.gate, false),
    ...["/sys", "/sys/fs/cgroup"].map((path) => emptyWord(path, closed)),
    ...maskWords(root, paths),
    "--workdir=/",
  ];
}

/** In a layer such a name takes another one away (OCI image specification, "Whiteouts"). */
function refuseWhiteouts(entries: readonly ArchiveEntry[]): void {
  const taken = entries.find(({ path }) => posix.basename(path).startsWith(".wh."));
  if (taken !== undefined) throw cannot(`make ${taken.path}: in an image, such a name takes another one away`);
}

function imageOf({ entries }: EngineRoot, program: Uint8Array): ArchiveEntry[] {
  return [
    ...entries,
    { kind: "file", path: gatePlaces.launcher, content: program, mode: 0o555 },
    { kind: "directory", path: gatePlaces.gate, mode: 0o755 },
  ];
}

/**
 * The call.
 * @throws CupelError `set-up` where the plan asks for what Docker cannot do.
 */
export function callDocker(plan: MadePlan<"docker">, paths: HostPaths, binding: DockerBinding): DockerCall {
  const { place } = binding;
  if (plan.maker.rootlessDaemon !== undefined && plan.outside === "fresh")
    throw cannot("run a job of root's: a daemon without root's rights has no ids of nobody's for it");
  const root = layOutEngineRoot(plan, paths, binding, habits);
  refuseWhiteouts(root.entries);
  const name = `cupel-${posix.basename(place)}`;
  const image = `cupel:${posix.basename(place)}`;
  return {
    path: plan.maker.path,
    arguments: [
      "run",
      `--name=${name}`,
      ...hardened,
      ...runWords(plan, paths, binding, root),
      image,
      gatePlaces.launcher,
      "gate",
    ],
    environment: binding.environment,
    inputs: inputsOf(root),
    startTimeoutMs,
    isEngine: true,
    rootlessDaemon: plan.maker.rootlessDaemon,
    gate: `${place}/gate`,
    furtherCalls: [
      { time: "before", arguments: ["import", `${place}/image.tar`, image] },
      { time: "afterLoss", arguments: ["rm", "--force", "--volumes", name] },
      { time: "after", arguments: ["image", "rm", image] },
    ],
    contents: {
      directories: ["gate", ownFiles],
      files: Object.fromEntries(root.files.map((content, index) => [`${ownFiles}/${index}`, content])),
    },
    image: imageOf(root, binding.program),
  };
}
