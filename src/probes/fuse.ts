/** File systems in user space: the device, and a mount whose questions we answer ourselves. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeExercise } from "./_exercise.ts";
import { withoutFileSystem } from "./_file-systems.ts";
import { describeFuseDevice } from "./_fuse-device.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

const ids = ["device.fuse", "mount.fuse"] as const;

async function run(context: ProbeContext) {
  const missing = withoutFileSystem(context.host, "fuse");
  if (missing !== undefined) return { "device.fuse": missing, "mount.fuse": missing };
  const reading = readSteps("fuse", await context.helpers.probe("fuse", [], 4000));
  return { "device.fuse": judgeDevice(context, reading), "mount.fuse": await judgeMount(context, reading) };
}

const openWords = { open: "open /dev/fuse" } as const;

function judgeDevice({ host }: ProbeContext, reading: Reading): Finding {
  const errno = errnoAt(reading, "open");
  if (errno === undefined) return notEstablished(reading, "open /dev/fuse");
  const evidence = evidenceOf({ ...reading, trouble: undefined }, openWords);
  if (errno !== "ok") return describeFuseDevice(host, errno, evidence);
  return finding({ state: "works", level: "opened", summary: "/dev/fuse can be opened", evidence });
}

const mountWords = {
  ...openWords,
  namespaces: "namespaces of its own",
  "private-root": "make / private",
  tmpfs: "mount tmpfs",
  "open-inside": "open /dev/fuse in these namespaces",
  mount: "mount a file system of our own",
  answer: "ask it for a size, and answer that",
} as const;

async function judgeMount(context: ProbeContext, reading: Reading): Promise<Finding> {
  const errno = errnoAt(reading, "open");
  const evidence = fusermountEvidence(context.host);
  if (errno !== undefined && errno !== "ok") {
    return describeFuseDevice(context.host, errno, [...evidenceOf(reading, openWords), ...evidence]);
  }
  const judged = await judgeExercise(context, reading, {
    words: mountWords,
    expected: { mount: "ok", answer: "ok" },
    level: "exercised",
    summary: "mounted in a mount namespace of its own, and a question was answered",
    // Linux 4.18: FUSE in user namespaces.
    explain: (step, denied) =>
      step === "mount" && denied === "EPERM"
        ? {
            state: "blocked",
            blocker: { code: "kernel-version", detail: "FUSE in user namespaces came with Linux 4.18 (EPERM)" },
          }
        : undefined,
  });
  return { ...judged, evidence: [...judged.evidence, ...evidence] };
}

/** Outside of user namespaces users mount through this program, which must be set-uid. */
function fusermountEvidence(host: Host): Evidence[] {
  const [program] = host.findPrograms("fusermount3");
  if (program === undefined) return [{ action: "look for fusermount3 in PATH", result: "not found" }];
  const status = host.status(program);
  if (!status.ok) return [{ action: `stat ${program}`, result: status.errno }];
  const isSetUid = (status.value.mode & 0o4000) !== 0 && status.value.uid === 0;
  return [{ action: `stat ${program}`, result: isSetUid ? "set-uid root" : "not set-uid root" }];
}

/** Probe `fuse`. */
export default defineProbe({
  id: "fuse",
  area: "mounts",
  capabilities: { "device.fuse": "FUSE device", "mount.fuse": "File systems in user space" },
  deadlineMs: 8000,
  run: onLinux(ids, run),
});
