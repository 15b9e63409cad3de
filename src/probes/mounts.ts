/** Mounts that a job's root is made of: a root of its own, a tmpfs, and read-only mounts that hold. */
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, judgeStep, rehearse } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

const ids = ["mount.private-root", "mount.tmpfs", "mount.setattr"] as const;

async function run(context: ProbeContext) {
  const root = await rehearse(context, "a root of its own by pivot_root", {
    namespaces: ["mount"],
    root: [{ step: "directory", destination: "/tmp", mode: 0o755 }],
  });
  const temporary = await rehearse(context, "a tmpfs of its own", {
    namespaces: ["mount"],
    root: [{ step: "tmpfs", destination: "/tmp", mode: 0o700, sizeBytes: 65_536, owned: true, writable: true }],
  });
  return {
    "mount.private-root": await judgeRehearsal(context, root, "entered a root of its own by pivot_root"),
    "mount.tmpfs": await judgeRehearsal(context, temporary, "mounted with a size of its own"),
    "mount.setattr": await judgeReadOnly(context),
  };
}

const words = {
  namespaces: "namespaces of its own",
  "private-root": "make / private",
  tmpfs: "mount tmpfs",
  bind: "bind a directory",
  "write-control": "create a file in it before",
  setattr: "mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE)",
  "write-denied": "create a file in it after",
  "write-beside": "create a file in the directory itself",
} as const;

async function judgeReadOnly(context: ProbeContext): Promise<Finding> {
  const reading = readSteps("mounts", await context.helpers.probe("mounts", [], 2000));
  const evidence = evidenceOf(reading, words);
  if (allGave(reading, { "write-control": "ok", setattr: "ok", "write-denied": "EROFS", "write-beside": "ok" })) {
    return finding({
      state: "works",
      level: "enforced",
      summary: "a write fails with EROFS where it was allowed before, and works beside it",
      evidence,
    });
  }
  const setattr = errnoAt(reading, "setattr");
  if (setattr === "ENOSYS") {
    const blockers = [{ code: "kernel-version", detail: "mount_setattr(2) came with Linux 5.12" }] as const;
    return finding({
      state: "absent",
      level: "exercised",
      summary: "this kernel has no mount_setattr(2)",
      evidence,
      blockers,
    });
  }
  if (setattr === "ok" && reading.trouble === undefined) {
    return finding({
      state: "broken",
      level: "exercised",
      summary: "a read-only mount does not deny as it should",
      evidence,
    });
  }
  return judgeDenied(context, evidence, reading);
}

async function judgeDenied(context: ProbeContext, evidence: Finding["evidence"], reading: Reading): Promise<Finding> {
  const stopped = Object.entries(proberSteps).find(([step]) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (stopped === undefined) return { ...notEstablished(reading, "mount_setattr"), evidence };
  return judgeStep(context, { step: stopped[1], errno: errnoAt(reading, stopped[0]) ?? "" }, evidence);
}

/** Steps of the prober, as the launcher calls them. */
const proberSteps: Readonly<Record<string, string>> = {
  namespaces: "clone",
  "private-root": "mount-private",
  tmpfs: "mount-tmpfs",
  bind: "bind",
  setattr: "read-only",
};

/** Probe `mounts`. */
export default defineProbe({
  id: "mounts",
  area: "mounts",
  capabilities: {
    "mount.private-root": "A root of its own",
    "mount.tmpfs": "Temporary file systems",
    "mount.setattr": "Read-only mounts",
  },
  deadlineMs: 8000,
  run: onLinux(ids, run),
});
