/** Control groups: whether a group's limit on how fast it reads from a disk, or writes to it, is seen to hold. */
import { stateDirectories } from "../host/private-directory.ts";
import { findWholeDisk } from "../host/whole-disk.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { explainDenied } from "./_control-group-limits.ts";
import { withoutPlace } from "./_control-group-missing.ts";
import { candidatePlaces, findUnified, readControlGroupPlaces, type Place } from "./_control-group-places.ts";
import { onLinux } from "./_elsewhere.ts";
import { nearestDirectory } from "./_nearest-directory.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["cgroup.io", "cgroup.io-write"] as const;

/** Groups above the own one that are tried. */
const placesTried = 4;

/** What the limit must cost at least: 384 KiB at a MiB a second, less what the kernel lets through at first. */
const heldMsMin = 150;

const directions = {
  read: {
    controlled: "read 384 KiB from it",
    summary: "what a group reads from a disk takes as long as its limit says",
  },
  write: {
    controlled: "have 384 KiB written to it",
    summary: "what a group writes, also to memory alone, takes as long to get to the disk as its limit says",
  },
} as const;

type Direction = keyof typeof directions;

async function run(context: ProbeContext) {
  const disk = findDisk(context.host);
  const [read, write] = await Promise.all([probe(context, "read", disk), probe(context, "write", disk)]);
  return { "cgroup.io": read, "cgroup.io-write": write };
}

interface Disk {
  /** MAJOR:MINOR. */
  readonly number: string;
  readonly directory: string;
}

/** Where cupel keeps its state, or else the current directory: for a file without a name. */
function findDisk(host: Host): Disk | undefined {
  const [state] = stateDirectories(host);
  const directories = [...(state === undefined ? [] : [nearestDirectory(host, state)]), host.directory];
  return directories.flatMap((directory) => {
    const number = findWholeDisk(host, directory);
    return number === undefined ? [] : [{ number, directory }];
  })[0];
}

async function probe(context: ProbeContext, direction: Direction, disk: Disk | undefined): Promise<Finding> {
  const { host } = context;
  const places = readControlGroupPlaces(host);
  // Version 1 has its own name for it.
  const candidates = [...candidatePlaces(host, places, "io"), ...candidatePlaces(host, places, "blkio")];
  let first: Finding | undefined;
  for (const place of candidates.slice(0, placesTried)) {
    const found = disk === undefined ? withoutDisk(host) : await tryPlace(context, direction, place, disk);
    if (found.state === "works" || found.state === "unknown") return found;
    first ??= found;
  }
  return first ?? withoutPlace(host, places, "io", findUnified(places));
}

function withoutDisk(host: Host): Finding {
  const evidence = [{ action: `find the disk of cupel's state and of ${host.directory}`, result: "they lie on none" }];
  const summary = "not tried: neither cupel's state nor the current directory lies on a disk";
  return finding({ state: "unknown", level: "inferred", summary, evidence });
}

async function tryPlace(context: ProbeContext, direction: Direction, place: Place, disk: Disk): Promise<Finding> {
  const name = `io-${direction}`;
  const words = [name, place.version, place.directory, `${disk.number} ${disk.directory}`];
  return judge(readSteps(`cgroup ${name}`, await context.helpers.probe("cgroup", words, 5000)), direction, place, disk);
}

function judge(reading: Reading, direction: Direction, place: Place, { number, directory }: Disk): Finding {
  const { controlled, summary } = directions[direction];
  const words = {
    create: "make a group",
    file: `a file without a name in ${directory}, on disk ${number}`,
    free: `${controlled}, in milliseconds`,
    limit: "write a limit of a MiB a second for this disk",
    enter: "move a process into the group",
    held: `${controlled} for the process in the group, in milliseconds`,
    remove: "remove the group",
  };
  const evidence = [{ action: "in", result: place.directory }, ...evidenceOf(reading, words)];
  const stopped = ["create", "limit", "enter"].find((step) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (stopped !== undefined) return { ...denied(errnoAt(reading, stopped) ?? "", stopped, place), evidence };
  const [free, held] = [valueAt(reading, "free"), valueAt(reading, "held")];
  if (free === undefined || held === undefined)
    return { ...notEstablished(reading, "reach a file on the disk"), evidence };
  if (held >= heldMsMin && held >= free * 2)
    return finding({ state: "works", level: "enforced", summary, evidence, value: place.directory });
  if (free * 2 >= heldMsMin) {
    const slow = "could not be established: the disk is not much faster than the limit that was tried";
    return finding({ state: "unknown", level: "exercised", summary: slow, evidence });
  }
  return { ...escaped(direction, place), evidence };
}

/** cgroup-v2.rst, "Writeback": version 1 cannot tell whose the pages are that the kernel itself writes back. */
function escaped(direction: Direction, { version }: Place): Finding {
  if (direction === "write" && version === "v1") {
    const detail = "version 1 of control groups does not hold what is written to memory first, as nearly everything is";
    const blockers = [{ code: "cgroup-version", detail }] as const;
    return finding({ state: "blocked", level: "enforced", summary: detail, blockers });
  }
  const summary = "the limit was taken, but it does not hold";
  return finding({ state: "broken", level: "exercised", summary });
}

/** cgroups of a kernel without CONFIG_BLK_DEV_THROTTLING have no such file, or take no line for the device. */
function denied(errno: string, step: string, place: Place): Finding {
  if (step === "limit" && ["ENOENT", "EOPNOTSUPP", "EINVAL", "ENODEV"].includes(errno)) {
    const detail = `this kernel limits no access to this disk (${errno})`;
    const blockers = [{ code: "kernel-config", detail }] as const;
    return finding({ state: "absent", level: "exercised", summary: detail, blockers });
  }
  const blocker = explainDenied(errno, step, place);
  return finding({ state: "blocked", level: "exercised", summary: blocker.detail, blockers: [blocker] });
}

/** Probe `control-group-io`. */
export default defineProbe({
  id: "control-group-io",
  area: "cgroups",
  capabilities: {
    "cgroup.io": "Disk reading limit of a group",
    "cgroup.io-write": "Disk writing limit of a group",
  },
  // What is measured is time.
  pace: "slow",
  deadlineMs: 12_000,
  run: onLinux(ids, run),
});
