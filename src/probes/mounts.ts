/** Mounts that a job's root is made of: a root of its own, a tmpfs, and mounts whose flags hold and that stay its own. */
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeExercise } from "./_exercise.ts";
import { judgeRehearsal, judgeStep, rehearse, type Rehearsed } from "./_judge-rehearsal.ts";
import { detached, isByRemount, propagation, readOnly } from "./_mount-exercises.ts";
import { defineProbe, type ProbeContext } from "./_probe.ts";
import { readRootMount } from "./_root-mount.ts";
import { errnoAt, readSteps, type Reading } from "./_steps.ts";

const ids = ["mount.private-root", "mount.tmpfs", "mount.setattr", "mount.detached", "mount.propagation"] as const;

const pivoted = "entered a root of its own by pivot_root";

/** The launcher's other way, where the first root is the kernel's own: what it leaves below is seen by nobody. */
function withCoveredRoot({ result }: Rehearsed, judged: Finding): Finding {
  if (result.status !== "ready" || result.isCovering !== true) return judged;
  const summary =
    "a root of its own covers the host's, which is the kernel's first (initramfs) and cannot be left by pivot_root";
  const seen = { action: "pivot_root", result: "EINVAL; moved onto / instead" };
  return { ...judged, state: "degraded", summary, evidence: [...judged.evidence, seen] };
}

async function run(context: ProbeContext) {
  const [root, temporary, reading] = await Promise.all([
    rehearse(context, "a root of its own by pivot_root", {
      namespaces: ["mount"],
      root: [{ step: "directory", destination: "/tmp", mode: 0o755 }],
    }),
    rehearse(context, "a tmpfs of its own", {
      namespaces: ["mount"],
      root: [{ step: "tmpfs", destination: "/tmp", mode: 0o700, sizeBytes: 65_536, owned: true, writable: true }],
    }),
    context.helpers.probe("mounts", [], 4000).then((result) => readSteps("mounts", result)),
  ]);
  return {
    "mount.private-root": withCoveredRoot(root, await judgeRehearsal(context, root, pivoted)),
    "mount.tmpfs": await judgeRehearsal(context, temporary, "mounted with a size of its own"),
    "mount.setattr": await judgeReadOnly(context, reading),
    "mount.detached": await judgeExercise(context, reading, detached),
    "mount.propagation": withRootMount(context, await judgeExercise(context, reading, propagation)),
  };
}

/** A bind or a call that is denied is denied to the launcher, too, and told in the same way. */
async function judgeReadOnly(context: ProbeContext, reading: Reading): Promise<Finding> {
  const judged = await judgeExercise(context, reading, readOnly(reading));
  if (judged.state === "works" && isByRemount(reading))
    return {
      ...judged,
      state: "degraded",
      summary: `${judged.summary}, one mount at a time (no mount_setattr before Linux 5.12)`,
    };
  const stopped = (["bind", "setattr"] as const).find((step) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (stopped === undefined || judged.state !== "broken") return judged;
  const step = stopped === "setattr" ? "read-only" : stopped;
  return judgeStep(context, { step, errno: errnoAt(reading, stopped) ?? "" }, judged.evidence);
}

function withRootMount({ host }: ProbeContext, judged: Finding): Finding {
  const root = readRootMount(host);
  if (root === undefined) return judged;
  const seen = { action: "how / is mounted here", result: `${root.type}, ${root.propagation}` };
  return { ...judged, evidence: [...judged.evidence, seen], value: root.propagation };
}

/** Probe `mounts`. */
export default defineProbe({
  id: "mounts",
  area: "mounts",
  capabilities: {
    "mount.private-root": "A root of its own",
    "mount.tmpfs": "Temporary file systems",
    "mount.setattr": "Read-only mounts",
    "mount.detached": "Mounts moved into place",
    "mount.propagation": "Mounts that stay its own",
  },
  deadlineMs: 9000,
  run: onLinux(ids, run),
});
