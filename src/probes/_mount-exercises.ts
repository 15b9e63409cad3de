/** What the prober does with mounts, in words, and what each act should give. */
import type { Exercise, Explanation } from "./_exercise.ts";
import { errnoAt, type Reading } from "./_steps.ts";

const placeWords = {
  namespaces: "namespaces of its own",
  "private-root": "make / private",
  tmpfs: "mount tmpfs",
} as const;

const readOnlyWords = {
  ...placeWords,
  bind: "bind a directory",
  "write-control": "create a file in it before",
  setattr: "mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE)",
  remount: "mount(MS_REMOUNT|MS_BIND|MS_RDONLY)",
  "write-denied": "create a file in it after",
  "write-beside": "create a file in the directory itself",
  "execute-control": "execute a file that is no program before",
  noexec: "make a mount noexec",
  "execute-denied": "execute it after",
  "device-control": "open a device before",
  nodev: "make a mount nodev",
  "device-denied": "open it after",
  "nested-namespaces": "a user namespace within, with mounts of its own",
  "unlock-denied": "make the read-only mount writable in it",
} as const;

/** Acts that need something this host may lack: each decides only where its control worked. */
const optionalDenials = [
  { control: ["execute-control", "ENOEXEC"], set: "noexec", denied: ["execute-denied", "EACCES"] },
  { control: ["device-control", "ok"], set: "nodev", denied: ["device-denied", "EACCES"] },
  { control: ["nested-namespaces", "ok"], set: "nested-namespaces", denied: ["unlock-denied", "EPERM"] },
] as const;

function reachedDenials(reading: Reading): Record<string, string> {
  const reached = optionalDenials.filter(
    ({ control, set }) => errnoAt(reading, control[0]) === control[1] && errnoAt(reading, set) === "ok",
  );
  return Object.fromEntries(reached.map(({ denied }) => denied));
}

/** Whether mounts are made read-only one by one, by mount(2): mount_setattr(2) came with Linux 5.12. */
export function isByRemount(reading: Reading): boolean {
  return errnoAt(reading, "setattr") === "ENOSYS" && errnoAt(reading, "remount") === "ok";
}

/** mount_setattr(2), Linux 5.12; mount_namespaces(7): flags that a lesser user namespace may not take off. */
export function readOnly(reading: Reading): Exercise {
  const set = isByRemount(reading) ? { setattr: "ENOSYS", remount: "ok" } : { setattr: "ok" };
  const more = reachedDenials(reading);
  const held = "execute-denied" in more && "device-denied" in more ? "; noexec and nodev hold, too" : "";
  const locked = "unlock-denied" in more ? "; a user namespace within cannot undo it" : "";
  return {
    words: readOnlyWords,
    expected: { "write-control": "ok", ...set, "write-denied": "EROFS", "write-beside": "ok", ...more },
    level: "enforced",
    summary: `a write fails with EROFS where it was allowed before, and works beside it${held}${locked}`,
    explain: (step, errno) => explainMissing("mount_setattr(2)", "5.12", step === "setattr" ? errno : ""),
  };
}

function explainMissing(call: string, kernel: string, errno: string): Explanation | undefined {
  if (errno !== "ENOSYS") return undefined;
  const detail = `${call} came with Linux ${kernel}`;
  return { state: "absent", blocker: { code: "kernel-version", detail } };
}

/** open_tree(2), move_mount(2), fsopen(2), fsmount(2): Linux 5.2. */
export const detached: Exercise = {
  words: {
    ...placeWords,
    "open-tree": "open_tree(OPEN_TREE_CLONE) of a directory",
    "move-mount": "move_mount it to another",
    "tree-there": "look for its file there",
    fsopen: "fsopen tmpfs",
    fsmount: "fsmount it",
    "move-made": "move_mount it into place",
  },
  expected: {
    "open-tree": "ok",
    "move-mount": "ok",
    "tree-there": "ok",
    fsopen: "ok",
    fsmount: "ok",
    "move-made": "ok",
  },
  level: "exercised",
  summary: "a clone of a directory and a new tmpfs were made unseen, then moved into place",
  explain: (step, errno) => {
    if (errno === "ENOSYS") return explainMissing("open_tree(2) and move_mount(2)", "5.2", errno);
    const isDenied = errno === "EPERM" || errno === "EACCES";
    return isDenied
      ? {
          state: "blocked",
          blocker: { code: "unknown", detail: `${step} is denied (${errno}), though older mount calls are not` },
        }
      : undefined;
  },
};

/** mount_namespaces(7), "Shared subtrees". */
export const propagation: Exercise = {
  words: {
    ...placeWords,
    "make-shared": "make a mount shared",
    "second-namespace": "a second mount namespace",
    propagates: "see a mount made below it there",
    "make-private": "make it private there",
    "stays-away": "see a mount made below it after that",
  },
  expected: {
    "make-shared": "ok",
    "second-namespace": "ok",
    propagates: "ok",
    "make-private": "ok",
    "stays-away": "ENOENT",
  },
  level: "enforced",
  summary: "below a shared mount a mount is seen elsewhere, below a private one it is not",
};
