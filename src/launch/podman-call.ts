/** A plan in Podman's terms: podman-run(1), version 4.3 on. Pure. */
import { CupelError } from "../model/error.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import { companionId } from "./fresh-identity.ts";
import { layOutEngineRoot, ownFiles, type EngineMount } from "./engine-root.ts";
import { joined, leftByLauncher, parseLimit } from "./engine-words.ts";
import type { HostPaths } from "./host-paths.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { stagedInput, type MadePlan, type MakerCall } from "./maker-call.ts";
import { podmanContents, type EngineContents } from "./podman-contents.ts";
import { makerDescriptors, makerInputsMax } from "./protocol.ts";

/** The call, and what has to be in the engine's place before it. */
export interface EngineCall extends MakerCall {
  readonly contents: EngineContents;
}

/** What the plan leaves open, and the directory that is made for this launch. */
export type EngineBinding = Pick<LaunchBinding, "outside" | "layer" | "given"> & { readonly place: string };

/** Its /etc/resolv.conf is for jobs with the host's network. */
const habits = {
  files: ["/etc/hostname", "/etc/resolv.conf"],
  putsFilesAlways: false,
  mark: "/run/.containerenv",
} as const;

/** Besides what the plan says: what no job has, whatever it asks for. */
const hardened = [
  "--rm",
  "--interactive",
  "--sig-proxy=false",
  "--read-only",
  "--read-only-tmpfs=false",
  "--no-hosts",
  "--passwd=false",
  "--systemd=false",
  "--log-driver=none",
  "--cap-drop=all",
  "--security-opt=no-new-privileges",
  // The launcher inside loads the job's, and an engine's own beside it would make of it another one.
  "--security-opt=seccomp=unconfined",
  "--security-opt=label=disable",
  "--ipc=private",
  "--pid=private",
  "--uts=private",
  "--cgroupns=private",
] as const;

/** Gathers what root's Podman is shown at a path of the launcher's, and says at which. */
class Inputs {
  readonly all: { readonly source: string }[] = [];
  readonly #isStaged: boolean;

  constructor(isStaged: boolean) {
    this.#isStaged = isStaged;
  }

  add(source: string): string {
    this.all.push({ source });
    if (this.all.length >= makerInputsMax)
      throw cannot(`be given more than ${makerInputsMax - 1} paths; grant directories that hold them`);
    return this.#isStaged ? stagedInput(this.all.length - 1) : source;
  }
}

function cannot(what: string): CupelError {
  return new CupelError("set-up", `Podman cannot ${what}`);
}

function mountWords(mount: EngineMount, place: string, inputs: Inputs): string[] {
  const { destination } = mount;
  if (mount.kind === "tmpfs") {
    const size = `tmpfs-size=${mount.sizeBytes}`;
    const mode = `tmpfs-mode=${mount.mode.toString(8).padStart(4, "0")}`;
    return ["--mount", joined("type=tmpfs", `destination=${destination}`, size, mode, "notmpcopyup", "chown")];
  }
  const source = mount.source.startsWith(`${ownFiles}/`) ? `${place}/${mount.source}` : inputs.add(mount.source);
  const access = mount.writable ? [] : ["ro"];
  const safe = ["nosuid", "nodev"];
  return ["--mount", joined("type=bind", `source=${source}`, `destination=${destination}`, ...access, ...safe)];
}

/** Nothing of the kernel's own, and no control groups: closed, over what every container is given. */
const emptied = ["/sys", "/sys/fs/cgroup"].flatMap((path) => [
  "--mount",
  joined("type=tmpfs", `destination=${path}`, "tmpfs-size=4096", "tmpfs-mode=0700", "ro"),
]);

/**
 * Who the job is. Root maps two ids of nobody's, the container's root (whom a runtime takes for its set-up) and the job's;
 * everybody else's job is the caller.
 */
function identityWords({ outside, inside }: LauncherPlan, ids: LaunchBinding["outside"]): string[] {
  const { uid, gid } = inside ?? ids;
  const user = `--user=${uid}:${gid}`;
  if (outside === "caller") return [`--userns=keep-id:uid=${uid},gid=${gid}`, user];
  return [
    `--uidmap=0:${companionId(ids.uid)}:1`,
    `--uidmap=${uid}:${ids.uid}:1`,
    `--gidmap=0:${companionId(ids.gid)}:1`,
    `--gidmap=${gid}:${ids.gid}:1`,
    user,
  ];
}

/** Podman lowers its own limit to this at its start, and may not go beyond (cmd/podman/early_init_linux.go). */
const podmanProcessesMax = 32 * 1024;

function allowedProcesses(limit: number): number {
  return Math.min(leftByLauncher(limit), podmanProcessesMax);
}

/** Podman sets its own otherwise, which root may not have the right to. What is unlimited stays so. */
function limitWords(limits: string): string[] {
  const words = (name: string, title: string, most: (limit: number) => number): string[] => {
    const given = parseLimit(limits, title)?.map((value) => (value === undefined ? -1 : most(value)));
    return given === undefined ? [] : [`--ulimit=${name}=${given.join(":")}`];
  };
  return [...words("nofile", "Max open files", (limit) => limit), ...words("nproc", "Max processes", allowedProcesses)];
}

function has(plan: LauncherPlan, kind: NamespaceKind): boolean {
  return plan.namespaces.includes(kind);
}

function maskWord(path: string): string {
  if (path.includes(":")) throw cannot(`hide ${path}: to it, a colon begins another path`);
  return `--security-opt=mask=${path}`;
}

/** It takes a tenth of a second; a machine with other work to do, seconds. */
const startTimeoutMs = 30_000;

/**
 * The call.
 * @throws CupelError `set-up` where the plan asks for what Podman cannot do.
 */
export function callPodman(plan: MadePlan<"podman">, paths: HostPaths, binding: EngineBinding): EngineCall {
  const inputs = new Inputs(plan.outside === "fresh");
  const place = inputs.add(binding.place);
  const { maker } = plan;
  const root = layOutEngineRoot(plan, paths, binding, { ...habits, entersClosed: plan.outside !== "fresh" });
  const words = [
    // Without a field in the configuration: what the host mounts into all containers.
    `--default-mounts-file=${place}/mounts.conf`,
    `--runtime=${maker.runtimePath}`,
    // Whoever else it is called by afterwards does not say so, and finds nothing: the keeper ends all that it has made.
    `--runtime-flag=root=${place}/runtime`,
    "run",
    ...hardened,
    ...(maker.runtime === "crun" ? ["--cgroups=disabled"] : []),
    `--network=${has(plan, "network") ? "none" : "host"}`,
    ...(plan.hostname === undefined ? [] : [`--hostname=${plan.hostname}`]),
    ...identityWords(plan, binding.outside),
    ...limitWords(paths.limits),
    `--shm-size=${root.sharedMemoryBytes}`,
    `--preserve-fds=${makerDescriptors.firstInput - 3}`,
    ...root.mounts.flatMap((mount) => mountWords(mount, place, inputs)),
    ...emptied,
    ...root.masks.map(maskWord),
    "--workdir=/",
    "--rootfs",
    `${place}/root`,
    `/proc/self/fd/${makerDescriptors.program}`,
    "container",
  ];
  return {
    path: maker.path,
    arguments: words,
    environment: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C",
      HOME: `${place}/home`,
      XDG_RUNTIME_DIR: `${place}/run`,
      TMPDIR: `${place}/tmp`,
      CONTAINERS_CONF: `${place}/containers.conf`,
      CONTAINERS_STORAGE_CONF: `${place}/storage.conf`,
    },
    inputs: inputs.all,
    startTimeoutMs,
    isEngine: true,
    contents: podmanContents(place, root),
  };
}
