/**
 * The guard, as data: a second filter for jobs that have neither a root nor namespaces of their own. It keeps apart what
 * those would have, and Landlock has no rights to.
 */
import {
  always,
  entriesOf,
  notPermitted,
  unknownCall,
  where,
  type SeccompEntry,
  type SeccompProfile,
} from "./seccomp-rule.ts";

const withoutAttributes = { errno: 95 /* EOPNOTSUPP */ } as const;
const notForThisFile = { errno: 25 /* ENOTTY */ } as const;

/**
 * Operations of file systems, by their types (ioctl-number.rst: f, X, v, r, and 0x94 of btrfs): a descriptor to read will
 * do for flags, versions, verity, encryption and subvolumes, of which Landlock knows nothing.
 */
const fileSystemTypes = [0x6600, 0x5800, 0x7600, 0x7200, 0x9400];

/** FS_IOC_GETFLAGS, GETVERSION, FSGETXATTR, FIEMAP, FICLONE, FICLONERANGE and FIDEDUPERANGE (linux/fs.h, linux/fiemap.h). */
const harmlessCommands = [0x8008_6601, 0x8008_7601, 0x801c_581f, 0xc020_660b, 0x4004_9409, 0x4020_940d, 0xc018_9436];

/** With a limit on its CPU time a process is ended (prlimit(2)); to ask what its limits are is harmless. */
const limitsOfOthers: SeccompEntry = {
  name: "prlimit64",
  rule: {
    clauses: [
      { when: [{ argument: 0, type: "int", values: [0] }], answer: "allow" },
      { when: [{ argument: 2, type: "unsigned long", values: [0] }], answer: "allow" },
    ],
    otherwise: notPermitted,
  },
};

/** With another scheduler, or on one processor with many others, whoever watches the job comes too late. */
const schedulers = ["sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity"] as const;
const ofItself = where({ argument: 0, type: "int", values: [0] }, "allow", notPermitted);

/** PRIO_PROCESS, and IOPRIO_WHO_PROCESS, of the process itself: not those of a group or of a user. */
function ownPriority(name: "setpriority" | "ioprio_set", process: number): SeccompEntry {
  const isOwn = [
    { argument: 0, type: "int", values: [process] },
    { argument: 1, type: "int", values: [0] },
  ] as const;
  return { name, rule: { clauses: [{ when: isOwn, answer: "allow" }], otherwise: notPermitted } };
}

/** The guard. It has no say in any other call. */
export const guardProfile: SeccompProfile = {
  otherwise: "allow",
  entries: [
    // Mode, owner and times: changed by the first process where the job may write (platform/linux/launcher/file-changes.c).
    ...entriesOf(always("ask"), ["chmod", "fchmod", "fchmodat", "fchmodat2"]),
    ...entriesOf(always("ask"), ["chown", "lchown", "fchown", "fchownat"]),
    ...entriesOf(always("ask"), ["utime", "utimes", "futimesat", "utimensat"]),
    // Attributes, to set or to read: Landlock knows of neither.
    ...entriesOf(always(withoutAttributes), ["setxattr", "lsetxattr", "fsetxattr", "setxattrat"]),
    ...entriesOf(always(withoutAttributes), ["removexattr", "lremovexattr", "fremovexattr", "removexattrat"]),
    ...entriesOf(always(withoutAttributes), ["getxattr", "lgetxattr", "fgetxattr", "getxattrat"]),
    ...entriesOf(always(withoutAttributes), ["listxattr", "llistxattr", "flistxattr", "listxattrat"]),
    ...entriesOf(always(unknownCall), ["file_setattr"]),
    {
      name: "ioctl",
      rule: {
        clauses: [
          { when: [{ argument: 1, type: "unsigned int", values: harmlessCommands }], answer: "allow" },
          {
            when: [{ argument: 1, type: "unsigned int", mask: 0xff00, values: fileSystemTypes }],
            answer: notForThisFile,
          },
        ],
        otherwise: "allow",
      },
    },
    // Objects that whoever knows their key meets at (sysvipc(7), mq_overview(7)).
    ...entriesOf(always(unknownCall), ["shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl"]),
    ...entriesOf(always(unknownCall), ["msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"]),
    limitsOfOthers,
    ...schedulers.map((name) => ({ name, rule: ofItself })),
    ownPriority("setpriority", 0),
    ownPriority("ioprio_set", 1),
  ],
};
