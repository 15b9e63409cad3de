/** gVisor beside a job's root: how runsc is called, and the bundle that it is called with. Pure. */
import { guestPlaces, type GuestPlan } from "../model/program-plan.ts";
import type { RootStep } from "../model/root-step.ts";
import { isWithin } from "../model/job.ts";

/** What runsc is told, and nothing of which depends on the job: that comes by way of the launcher. */
export interface GvisorUse {
  /** Of runsc, on the host. */
  readonly path: string;
  /** How system calls are caught: as runsc names it. */
  readonly platform: string;
  /** `own`: gVisor's own network stack, with a loopback; `shared`: that of the sandbox's network namespace. */
  readonly network: "own" | "shared";
  readonly hostname: string;
}

/** Places in the root around the job's. */
const places = { program: "/runsc", bundle: "/bundle", state: "/state", chroot: "/tmp" } as const;

/** What it takes to leave the launcher's place, to give /dev away, to be nobody's to signal: all in gVisor's kernel. */
const capabilities = ["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_CHOWN", "CAP_SETUID"];

function bind(destination: string, source: string) {
  return { destination, type: "bind", source, options: ["rbind"] };
}

/** Of the network nothing is said: with a stack of its own gVisor makes a namespace for it, and else it stays where it is. */
const kinds = ["pid", "mount", "ipc", "uts"];

/**
 * config.json (opencontainers/runtime-spec, config.md). Where nothing is said of /tmp and /dev/shm, gVisor has file systems of
 * its own there, which no cap of the job's counts.
 */
function renderBundle({ hostname }: GvisorUse): string {
  return JSON.stringify({
    ociVersion: "1.0.2",
    hostname,
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [`${guestPlaces.inside}/launcher`, "guest"],
      env: [],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: guestPlaces.root, readonly: false },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      bind("/tmp", `${guestPlaces.root}/tmp`),
      bind("/dev/shm", `${guestPlaces.root}/dev/shm`),
      bind(guestPlaces.inside, guestPlaces.launcher),
    ],
    linux: { namespaces: kinds.map((type) => ({ type })) },
  });
}

const stateBytes = 16 * 1024 * 1024;

function rootAround(use: GvisorUse): RootStep[] {
  const none = { mapOwner: "no", optional: false, writable: false } as const;
  return [
    { step: "proc", destination: "/proc" },
    { step: "devices", destination: "/dev", shmBytes: stateBytes },
    { step: "bind", source: use.path, destination: places.program, ...none },
    { step: "file", destination: `${places.bundle}/config.json`, content: renderBundle(use) },
    // runsc mounts the root of the process there that is the kernel: an empty one.
    { step: "directory", destination: places.chroot, mode: 0o755 },
    { step: "tmpfs", destination: places.state, mode: 0o700, sizeBytes: stateBytes, owned: true, writable: true },
    { step: "read-only", destination: "/" },
  ];
}

/** A first start on a machine with other work to do takes seconds. */
const startTimeoutMs = 20_000;

/**
 * runsc in the sandbox, since 20221219 (`--overlay2`). Files are shared with the host: what is written lies in its files at
 * once, and what others change there is seen.
 */
export function gvisorGuest(use: GvisorUse): GuestPlan {
  return {
    program: "gvisor",
    command: [
      places.program,
      "--rootless",
      `--root=${places.state}`,
      `--platform=${use.platform}`,
      `--network=${use.network === "own" ? "none" : "host"}`,
      "--ignore-cgroups",
      "--overlay2=none",
      "--file-access=shared",
      "--file-access-mounts=shared",
      "run",
      `--bundle=${places.bundle}`,
    ],
    root: rootAround(use),
    startTimeoutMs,
  };
}

/** What gVisor has of its own, in the place of what the launcher would mount there. */
const ownPlaces = [
  ["/proc", 0o755],
  ["/dev", 0o755],
  // The launcher takes it off again (guest-inside.c): no job has one, and what is left is not to be opened.
  ["/sys", 0],
] as const;

function isOwn(step: RootStep): boolean {
  return "destination" in step && ownPlaces.some(([place]) => isWithin(step.destination, place));
}

/** The job's root as gVisor is given it: with directories where it mounts what is its own, and memory that is capped. */
export function rootForGvisor(root: readonly RootStep[]): RootStep[] {
  const devices = root.find((step) => step.step === "devices");
  const shared: RootStep[] =
    devices === undefined
      ? []
      : [
          {
            step: "tmpfs",
            destination: `${devices.destination}/shm`,
            mode: 0o1777,
            sizeBytes: devices.shmBytes,
            filesMax: devices.shmFilesMax,
            owned: true,
            writable: true,
          },
        ];
  return [
    ...root.slice(0, -1).filter((step) => !isOwn(step)),
    ...ownPlaces.map(([destination, mode]): RootStep => ({ step: "directory", destination, mode })),
    ...shared,
    { step: "directory", destination: guestPlaces.inside, mode: 0o755 },
    ...root.slice(-1),
  ];
}
