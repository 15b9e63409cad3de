/** Memory that processes share, used by two of them: /dev/shm as POSIX has it, and System V's. */
import type { Blocker, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { formatBytes } from "./_quantity-words.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["memory.shared", "memory.sysv"] as const;

/** Container engines give 64 MiB unless told otherwise; browsers and data loaders die on that with SIGBUS. */
const smallBytes = 64 * 1024 * 1024;

async function run({ helpers }: ProbeContext) {
  const reading = readSteps("shared-memory", await helpers.probe("shared-memory", [], 3000));
  return { "memory.shared": judgeFile(reading), "memory.sysv": judgeSystemV(reading) };
}

/** EINVAL names a /dev/shm that is not mounted; ENOENT one that is not there. */
function judgeFile(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    size: "statfs /dev/shm, bytes",
    free: "bytes that are free",
    create: "make a file without a name there",
    resize: "give it a page",
    map: "map it",
    share: "have another process write into it",
  });
  const size = valueAt(reading, "size");
  if (allGave(reading, { create: "ok", resize: "ok", map: "ok", share: "ok" }) && size !== undefined) {
    const room = `${formatBytes(size)} in /dev/shm, ${formatBytes(valueAt(reading, "free") ?? 0)} free`;
    const parts = { level: "exercised", evidence, value: size } as const;
    return size > smallBytes
      ? finding({ ...parts, state: "works", summary: `two processes shared a page; ${room}` })
      : finding({ ...parts, state: "degraded", summary: `two processes shared a page, but there is little: ${room}` });
  }
  const created = errnoAt(reading, "create");
  if (created === undefined) return { ...notEstablished(reading, "make a file in /dev/shm"), evidence };
  if (created === "ENOENT" || created === "ENOTDIR") {
    return finding({ state: "absent", level: "exercised", summary: "there is no /dev/shm", evidence });
  }
  if (created !== "ok") {
    const summary = `this user can make no file in /dev/shm (${created})`;
    return finding({ state: "absent", level: "exercised", summary, evidence });
  }
  if (errnoAt(reading, "share") === undefined && errnoAt(reading, "map") === "ok") {
    return { ...notEstablished(reading, "share a page"), evidence };
  }
  const summary = "a file was made in /dev/shm, but what one process writes the other does not see";
  return finding({ state: "broken", level: "exercised", summary, evidence });
}

/** Tried in an IPC namespace of its own, as a job has one: outside of it a segment would outlive a killed probe. */
function judgeSystemV(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "system-v-bad": "shmget() of no bytes",
    "system-v-namespace": "an IPC namespace of its own",
    "system-v-create": "shmget() of a page in it",
    "system-v-attach": "attach it",
    "system-v-share": "have another process write into it",
    "system-v-remove": "remove it",
  });
  const parts = { level: "exercised", evidence } as const;
  if (allGave(reading, { "system-v-create": "ok", "system-v-attach": "ok", "system-v-share": "ok" })) {
    return finding({ ...parts, state: "works", summary: "two processes shared a segment" });
  }
  const refused = errnoAt(reading, "system-v-bad");
  if (refused === "ENOSYS") {
    const blocker: Blocker = {
      code: "kernel-config",
      detail: "this kernel has no System V IPC (ENOSYS), or a filter says so",
    };
    return finding({ ...parts, state: "absent", summary: blocker.detail, blockers: [blocker] });
  }
  if (refused !== undefined && refused !== "EINVAL") {
    const blocker: Blocker = { code: "seccomp", detail: `a system call filter answers ${refused} to shmget` };
    return finding({ ...parts, state: "blocked", summary: blocker.detail, blockers: [blocker] });
  }
  if ((errnoAt(reading, "system-v-namespace") ?? "ok") !== "ok") {
    const summary = "the call is there, but no IPC namespace of its own to try it in without leaving a segment";
    return finding({ ...parts, level: "inferred", state: "unknown", summary });
  }
  const created = errnoAt(reading, "system-v-create");
  if (created === undefined) return { ...notEstablished(reading, "shmget"), evidence };
  const summary = created === "ok" ? "a segment was made, but it is not shared" : `shmget fails with ${created}`;
  return finding({ ...parts, state: "broken", summary });
}

/** Probe `shared-memory`. */
export default defineProbe({
  id: "shared-memory",
  area: "mounts",
  capabilities: { "memory.shared": "Shared memory", "memory.sysv": "System V shared memory" },
  deadlineMs: 4000,
  run: onLinux(ids, run),
});
