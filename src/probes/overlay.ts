/** Overlays: a writable layer above files that stay as they are, by the kernel as root and as a user, and by a program. */
import type { Blocker, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeExercise, type Exercise, type Explanation } from "./_exercise.ts";
import { withoutFileSystem } from "./_file-systems.ts";
import { describeFuseDevice } from "./_fuse-device.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, readSteps, type Reading } from "./_steps.ts";

const ids = ["mount.overlay", "mount.overlay-user", "mount.overlay-fuse"] as const;

async function run(context: ProbeContext) {
  const [asRoot, asUser, byProgram] = await Promise.all([
    probeAsRoot(context),
    probeKernel(context, "user"),
    probeProgram(context),
  ]);
  return { "mount.overlay": asRoot, "mount.overlay-user": asUser, "mount.overlay-fuse": byProgram };
}

const changeWords = {
  "read-below": "read a file that lies below",
  change: "change it",
  "copied-up": "whether the change is above, and below it is as before",
  remove: "remove a file that lies below",
  whiteout: "whether it is gone above, and below it is still there",
  "remove-directory": "remove a directory that lies below",
  "make-directory": "make it again",
  opaque: "whether it is empty above, and below as before",
} as const;

const hereWords = {
  "here-open": "open the current directory",
  "here-mount": "mount an overlay above the current directory",
  "here-list": "list it",
  "here-create": "make a file in it",
  "here-kept": "whether the current directory itself has none",
} as const;

const kernelWords = {
  "drop-identity": "take ids other than root's",
  namespaces: "namespaces of its own",
  "private-root": "make / private",
  tmpfs: "mount tmpfs",
  attributes: "set a user.* attribute on tmpfs",
  overlay: "mount an overlay of tmpfs on tmpfs",
  ...changeWords,
  ...hereWords,
} as const;

const changes = {
  overlay: "ok",
  "read-below": "ok",
  change: "ok",
  "copied-up": "ok",
  remove: "ok",
  whiteout: "ok",
  "remove-directory": "ok",
  "make-directory": "ok",
  opaque: "ok",
} as const;

const summary = "a change, a removal and a directory made anew stay above; below nothing changed";

/** PROC_USER_INIT_INO of the kernel's sources (include/linux/proc_ns.h): the first user namespace, on every host. */
const firstUserNamespace = 0xeffffffd;

async function probeAsRoot(context: ProbeContext): Promise<Finding> {
  const { uid } = context.host.identity;
  const own = context.host.status("/proc/self/ns/user");
  const isInner = own.ok && own.value.inode !== firstUserNamespace;
  if (uid === 0 && !isInner) return probeKernel(context, "kernel");
  return finding({
    state: "not-applicable",
    level: "declared",
    summary: "only root mounts overlays with marks that no user can set, and only outside of user namespaces",
    evidence: [
      { action: "effective user id", result: String(uid) },
      { action: "stat /proc/self/ns/user", result: own.ok ? String(own.value.inode) : own.errno },
    ],
  });
}

async function probeKernel(context: ProbeContext, manner: "kernel" | "user"): Promise<Finding> {
  const missing = withoutFileSystem(context.host, "overlay");
  if (missing !== undefined) return missing;
  // Nobody's workspace is the root, and what is mounted below it could not be left out.
  const probeArguments = [manner, context.host.directory === "/" ? "" : context.host.directory];
  const reading = readSteps(`overlay ${manner}`, await context.helpers.probe("overlay", probeArguments, 3000));
  const exercise: Exercise = {
    words: kernelWords,
    expected: changes,
    level: "enforced",
    summary,
    explain: explainKernel(reading),
  };
  const judged = await judgeExercise(context, reading, exercise);
  return judged.state === "works" ? judgeHere(context, reading, judged) : judged;
}

/** Linux 5.11 lets user namespaces mount overlays; tmpfs takes their user.* marks since 6.6. */
function explainKernel(reading: Reading): Exercise["explain"] {
  return (step, errno): Explanation | undefined => {
    if (step === "overlay" && errno === "EPERM") {
      return {
        state: "absent",
        blocker: { code: "kernel-version", detail: "overlays in user namespaces came with Linux 5.11 (EPERM)" },
      };
    }
    if (step === "overlay" && errno === "EACCES") {
      return {
        state: "blocked",
        blocker: {
          code: "unknown",
          detail: "a security module, or a policy of the overlay's, denies the mount (EACCES)",
        },
      };
    }
    const withoutMarks = errnoAt(reading, "attributes") === "EOPNOTSUPP" && errnoAt(reading, "overlay") === "ok";
    return withoutMarks
      ? {
          state: "degraded",
          blocker: {
            code: "kernel-version",
            detail: `tmpfs takes no user.* attributes before Linux 6.6, which hide what lies below (${step}: ${errno})`,
          },
        }
      : undefined;
  };
}

/**
 * Mounts below the lower layer are left out for root, and refused in a user namespace, which must not look under them. That
 * the current directory cannot be a layer says nothing of others, and a report is read again in those: it is said, and
 * decides nothing; at a launch the directory itself is asked.
 */
function judgeHere({ host }: ProbeContext, reading: Reading, judged: Finding): Finding {
  const failed = ["here-open", "here-mount", "here-list", "here-kept"].find(
    (step) => (errnoAt(reading, step) ?? "ok") !== "ok",
  );
  if (host.directory === "/") return { ...judged, summary: `${judged.summary}; not tried above /` };
  if (failed === undefined) return judged;
  const errno = errnoAt(reading, failed) ?? "";
  const state = failed === "here-kept" ? "broken" : judged.state;
  const reason =
    errno === "EINVAL"
      ? ": something is mounted below it that a user namespace must not uncover, or its file system cannot be a layer"
      : "";
  return {
    ...judged,
    state,
    summary: `${judged.summary}; not above the current directory ${host.directory} (${errno}${reason})`,
  };
}

async function probeProgram(context: ProbeContext): Promise<Finding> {
  const [program] = context.host.findPrograms("fuse-overlayfs");
  if (program === undefined) {
    const blocker: Blocker = { code: "package-missing", detail: "fuse-overlayfs is not in PATH" };
    const evidence = [{ action: "look for fuse-overlayfs in PATH", result: "not found" }];
    return finding({ state: "absent", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  const missing = withoutFileSystem(context.host, "fuse");
  if (missing !== undefined) return missing;
  const reading = readSteps("overlay program", await context.helpers.probe("overlay", ["program", program], 4500));
  const words = {
    ...kernelWords,
    attributes: "",
    program: `open ${program}`,
    overlay: `${program} -f`,
    "program-ended": "its exit status",
  };
  const judged = await judgeExercise(context, reading, {
    words,
    expected: changes,
    level: "enforced",
    summary: `by ${program}: ${summary}`,
  });
  if (errnoAt(reading, "overlay") === "ECHILD") return explainProgram(context, evidenceOf(reading, words));
  return judged.state === "works" ? { ...judged, value: program } : judged;
}

/** The program ended before anything was mounted: most often it may not open its device. */
async function explainProgram(context: ProbeContext, evidence: Finding["evidence"]): Promise<Finding> {
  const device = readSteps("fuse", await context.helpers.probe("fuse", [], 4000));
  const errno = errnoAt(device, "open");
  if (errno !== undefined && errno !== "ok") return describeFuseDevice(context.host, errno, evidence);
  return finding({
    state: "broken",
    level: "exercised",
    summary: "fuse-overlayfs ends before anything is mounted",
    evidence,
  });
}

/** Probe `overlay`. */
export default defineProbe({
  id: "overlay",
  area: "mounts",
  capabilities: {
    "mount.overlay": "Overlays",
    "mount.overlay-user": "Overlays in user namespaces",
    "mount.overlay-fuse": "Overlays by fuse-overlayfs",
  },
  deadlineMs: 9500,
  run: onLinux(ids, run),
});
