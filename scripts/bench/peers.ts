/** Other people's sandboxes: how each is asked to run a job with no network, and where it comes from. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Candidate, Entry, JobCommand } from "./contestant.ts";
import { dockerImage } from "./docker.ts";
import { writeBundle } from "./oci-bundle.ts";
import type { Workshop } from "./workshop.ts";

/** Where a peer's program comes from. */
export type PeerSource = { readonly debian: readonly string[] } | { readonly npm: string };

/** One peer. */
export interface Peer {
  readonly name: string;
  readonly what: string;
  readonly source: PeerSource;
  /** Name of its program. */
  readonly program: string;
  /** Its runtime stops at a hybrid hierarchy of control groups. */
  readonly refusesHybrid?: true;
  /** The whole command; `program` is the path of its program. */
  command(program: string, surroundings: Surroundings, job: JobCommand): readonly string[];
}

/** What peers are run in. */
export interface Surroundings {
  readonly workshop: Workshop;
  /** Flags of the docker command for the daemon that was found or started, or why there is none. */
  readonly docker: readonly string[] | string;
}

const hybridMount = "/sys/fs/cgroup/unified";

/** For the driver and what it starts alone: the part of the hierarchy that crun does not know is out of sight. */
const withoutHybrid = [
  "unshare",
  "--mount",
  "--propagation=private",
  "sh",
  "-c",
  `umount ${hybridMount}; exec "$@"`,
  "sh",
];

function ociRuntime(name: string, flags: readonly string[]): Peer {
  return {
    name,
    what: `${name} run: OCI bundle, all namespaces`,
    source: { debian: [name] },
    program: name,
    ...(name === "crun" ? { refusesHybrid: true as const } : {}),
    command: (program, { workshop }, job) => {
      const bundle = writeBundle(workshop, job);
      return [program, "--root", join(workshop.path, `${name}-state`), ...flags, "run", "--bundle", bundle, "bench-{}"];
    },
  };
}

const podmanFlags =
  "--storage-driver=vfs --cgroup-manager=cgroupfs run --rm --network=none --cgroups=disabled --ulimit=nproc=1000:1000 --ulimit=nofile=1024:1024".split(
    " ",
  );

const dockerFlags = "run --rm --network=none --pull=never".split(" ");

/** Every peer, cheapest first. */
export const peers: readonly Peer[] = [
  {
    name: "bwrap",
    what: "bwrap --unshare-all --die-with-parent --ro-bind / /",
    source: { debian: ["bubblewrap"] },
    program: "bwrap",
    command: (program, _, job) => [program, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", ...job],
  },
  {
    name: "unshare",
    what: "unshare: seven namespaces, own /proc",
    source: { debian: ["util-linux"] },
    program: "unshare",
    command: (program, _, job) => [
      program,
      ..."--user --map-root-user --mount --pid --ipc --uts --cgroup --net --fork --kill-child --mount-proc".split(" "),
      "--",
      ...job,
    ],
  },
  {
    name: "firejail",
    what: "firejail --noprofile --net=none",
    source: { debian: ["firejail"] },
    program: "firejail",
    command: (program, _, job) => [program, "--quiet", "--noprofile", "--net=none", "--", ...job],
  },
  ociRuntime("crun", ["--cgroup-manager=disabled"]),
  ociRuntime("runc", []),
  ociRuntime("runsc", ["--network=none", "--ignore-cgroups"]),
  {
    name: "podman",
    what: "podman run --rm --network=none, no control groups",
    source: { debian: ["podman", "crun"] },
    program: "podman",
    refusesHybrid: true,
    command: (program, { workshop: { path, containerRoot } }, job) => [
      program,
      `--root=${join(path, "podman")}`,
      `--runroot=${join(path, "podman-run")}`,
      ...podmanFlags,
      "--rootfs",
      containerRoot,
      ...job,
    ],
  },
  {
    name: "docker",
    what: "docker run --rm --network=none, its daemon running",
    source: { debian: ["docker.io"] },
    program: "docker",
    command: (program, { docker }, job) => [
      program,
      ...(typeof docker === "string" ? [] : docker),
      ...dockerFlags,
      dockerImage,
      ...job,
    ],
  },
  {
    name: "srt",
    what: "@anthropic-ai/sandbox-runtime, its command",
    source: { npm: "@anthropic-ai/sandbox-runtime" },
    program: "srt",
    command: (program, _, job) => [program, ...job],
  },
];

function findProgram({ program, source }: Peer, workshop: Workshop): string | undefined {
  if ("debian" in source) return Bun.which(program, { PATH: workshop.environment["PATH"] ?? "" }) ?? undefined;
  const path = join(workshop.npmPrograms, program);
  return existsSync(path) ? path : undefined;
}

function readVersion(program: string): string {
  const ran = Bun.spawnSync([program, "--version"], { stdin: "ignore", timeout: 5000 });
  const line = `${ran.stdout.toString()}\n${ran.stderr.toString()}`.trim().split("\n")[0] ?? "";
  return /\d+\.\d[\w.+~-]*/.exec(line)?.[0] ?? "";
}

function obstacleTo({ name }: Peer, { docker }: Surroundings): string | undefined {
  return name === "docker" && typeof docker === "string" ? docker : undefined;
}

function isHiddenHybrid({ refusesHybrid }: Peer): boolean {
  return refusesHybrid === true && process.geteuid?.() === 0 && existsSync(join(hybridMount, "cgroup.controllers"));
}

function candidateOf(peer: Peer, surroundings: Surroundings): Candidate {
  const { name, what, program } = peer;
  const path = findProgram(peer, surroundings.workshop);
  if (path === undefined) return { name, reason: `${program} is not installed (--install-peers)` };
  const obstacle = obstacleTo(peer, surroundings);
  if (obstacle !== undefined) return { name, reason: obstacle };
  const within = isHiddenHybrid(peer) ? { within: withoutHybrid } : {};
  return {
    name,
    what,
    version: readVersion(path),
    runsJobs: true,
    work: (job) => ({ kind: "spawn", command: peer.command(path, surroundings, job), ...within }),
  };
}

/** Every peer. */
export function listPeerEntries(surroundings: Surroundings): Entry[] {
  return peers.map((peer) => ({ name: peer.name, prepare: () => candidateOf(peer, surroundings) }));
}
