/**
 * The guard, as data: a second filter for jobs that have neither a root nor namespaces of their own. It keeps apart what
 * those would have, and Landlock has no rights to.
 */
import {
  always,
  entriesOf,
  notPermitted,
  unknownCall,
  type SeccompEntry,
  type SeccompProfile,
} from "./seccomp-rule.ts";

const withoutAttributes = { errno: 95 /* EOPNOTSUPP */ } as const;
const notForThisFile = { errno: 25 /* ENOTTY */ } as const;

/** FS_IOC_SETFLAGS, FS_IOC_SETVERSION, FS_IOC_FSSETXATTR and FS_IOC_SETFSLABEL (linux/fs.h): a descriptor to read will do. */
const attributeCommands = [0x4008_6602, 0x4008_7602, 0x401c_5820, 0x4100_9432];

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
        clauses: [{ when: [{ argument: 1, type: "unsigned int", values: attributeCommands }], answer: notForThisFile }],
        otherwise: "allow",
      },
    },
    // Objects that whoever knows their key meets at (sysvipc(7), mq_overview(7)).
    ...entriesOf(always(unknownCall), ["shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl"]),
    ...entriesOf(always(unknownCall), ["msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"]),
    limitsOfOthers,
    ownPriority("setpriority", 0),
    ownPriority("ioprio_set", 1),
  ],
};
