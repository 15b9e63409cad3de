/** Every attack of the attacker: what it is about, what proves that it got through, and by whom it can be controlled. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackKey } from "./attack-keys.ts";

/**
 * What shows that an attack got through: a `token` in a `saw` line; a `change` seen from outside; an effect that the
 * attack saw (`gained`); or a `fact` that is not what was promised.
 */
export type AttackEvidence = "token" | "change" | "gained" | "fact";

/**
 * Who can carry the attack out where nothing holds it back: `any` user; an `ordinary` one alone, who has something to
 * gain; `root` alone; or `none`, and then a pass proves less.
 */
export type AttackControl = "any" | "ordinary" | "root" | "none";

/** One attack. */
export interface Attack {
  readonly id: string;
  readonly title: string;
  /** Without these it is `impossible`. */
  readonly keys: readonly AttackKey[];
  readonly optionalKeys: readonly AttackKey[];
  /** Guarantees that are broken where it gets through. */
  readonly guarantees: readonly GuaranteeId[];
  readonly evidence: readonly AttackEvidence[];
  readonly control: AttackControl;
  /** What a control needs besides the keys, or why there is none. */
  readonly note?: string;
}

/** All, in the order of the catalogue. */
export const attacks: readonly Attack[] = [
  attack("A01", "read files by their absolute paths", "home-file system-file?", "fs.read", "token", "any"),
  attack("A02", "read a file by way of /proc/PID/root", "home-file victim-pid?", "fs.read", "token", "any"),
  attack("A03", "read a file by way of many ..", "home-file workspace?", "fs.read", "token", "any"),
  attack("A04", "read a file through a symbolic link", "home-file scratch? workspace?", "fs.read", "token", "any"),
  attack("A05", "read a file through chains of links", "home-file scratch? workspace?", "fs.read", "token", "any"),
  attack("A06", "read a file by swapping a link in a race", "home-file scratch? workspace?", "fs.read", "token", "any"),
  attack("A07", "read a file through a hard link", "home-file scratch? workspace?", "fs.read", "token", "any", {
    note: "the file has to be the caller's own, on the file system of the scratch directory",
  }),
  attack("A08", "open files by handle", "home-file file-handle?", "fs.read", "token", "root", {
    note: "the file has to be on the file system of /",
  }),
  attack("A09", "write and append to a read-only file", "read-only-file mark", "fs.write", "change", "any"),
  attack("A10", "make files outside", "mark home-file? out-directory?", "fs.write", "change", "any"),
  attack("A11", "truncate a read-only file", "read-only-file", "fs.write", "change", "any"),
  attack(
    "A12",
    "move a protected directory away and make another",
    "protected-directory mark",
    "fs.protected",
    "change",
    "any",
  ),
  attack("A13", "make protected names", "protected-names mark", "fs.protected", "change", "any"),
  attack(
    "A14",
    "change mode, owner, times and attributes",
    "read-only-file mark",
    "fs.write fs.metadata",
    "change",
    "any",
  ),
  attack("A15", "see that a file exists", "home-file token-prefix", "fs.metadata", "fact token", "any", {
    note: "a file beside home-file whose name is a token is listed; facts are device:inode:size:mtime",
  }),
  attack("A16", "write to a read-only file through shared memory", "read-only-file mark", "fs.write", "change", "any"),
  attack("A17", "make a read-only mount writable", "read-only-file mark inside?", "fs.write", "change", "root", {
    note: "read-only-file has to lie on a read-only bind mount",
  }),
  attack(
    "A18",
    "mount over, and unmount what hides",
    "home-file scratch? workspace? inside?",
    "fs.read priv.escalation",
    "token gained",
    "root",
  ),
  attack("A19", "mount by descriptors", "home-file inside?", "fs.read priv.escalation", "token gained", "root"),
  attack("A20", "make and open devices", "scratch? workspace?", "priv.devices", "gained", "root", {
    note: "the scratch directory's file system has to allow devices",
  }),
  attack("A21", "leave a changed root", "home-file scratch? workspace?", "fs.read", "token", "root", {
    note: "in a changed root (chroot) that does not hold home-file; an inherited directory does for everyone",
  }),
  attack("A22", "run set-user-id programs", "setuid-file?", "priv.escalation", "gained", "ordinary"),
  attack("A23", "fill the disk", "scratch? workspace? disk-bytes? file-count?", "limit.disk", "fact", "any"),
  attack("A24", "write what the kernel acts upon", "mark", "priv.escalation fs.write", "gained", "root"),
  attack("B01", "list processes", "victim-pid token-prefix", "proc.hidden", "token", "any", {
    note: "the victim's name begins with its token",
  }),
  attack(
    "B02",
    "read a process by way of /proc",
    "victim-pid token-prefix victim-address? victim-descriptor?",
    "proc.hidden",
    "token gained",
    "any",
  ),
  attack("B03", "read what the kernel tells about itself", "token-prefix", "kernel.syscalls", "gained token", "root"),
  attack("B04", "read the kernel's log", "token-prefix", "kernel.syscalls", "gained token", "root"),
  attack("B05", "read its own environment", "-", "env.clean", "fact token", "any", {
    note: "with a token in the environment",
  }),
  attack("B06", "find secrets in arguments and environments", "token-prefix", "secret.private", "token", "any", {
    note: "with a token in a victim's arguments",
  }),
  attack("B07", "look for inherited descriptors", "-", "fs.read", "fact", "any", {
    note: "with a descriptor that it inherits",
  }),
  attack("B08", "tell where it is", "-", "fs.metadata", "fact", "any"),
  attack("B09", "find the host's paths in its mounts", "token-prefix", "fs.metadata", "token", "root", {
    note: "with a bind mount of a directory whose name is a token",
  }),
  attack("B10", "tell which machine this is", "-", "fs.metadata", "fact", "any"),
  attack("B11", "look about in /sys and write to control groups", "mark", "priv.escalation", "gained fact", "root"),
  attack("B12", "set clocks and the host's name", "-", "priv.escalation kernel.syscalls", "gained", "root"),
  attack("B13", "find what an earlier job left", "mark residue", "ipc.shared fs.write", "gained", "any"),
  attack("C01", "signal processes", "victim-pid", "proc.signal", "change", "any"),
  attack("C02", "trace processes", "victim-pid victim-address", "proc.signal", "token gained", "any"),
  attack(
    "C03",
    "read and write the memory of processes",
    "victim-pid victim-address mark",
    "proc.signal proc.hidden",
    "token change",
    "any",
  ),
  attack("C04", "take descriptors of processes", "victim-pid victim-descriptor", "proc.signal", "token gained", "any"),
  attack(
    "C05",
    "enter the namespaces of processes",
    "home-file victim-pid?",
    "priv.escalation fs.read",
    "token gained",
    "root",
    {
      note: "with a victim in other namespaces",
    },
  ),
  attack("C06", "make namespaces", "-", "priv.escalation kernel.syscalls", "gained", "any", {
    note: "where ordinary users may make user namespaces",
  }),
  attack("C07", "outlive the job", "mark daemon-seconds? spared-pid?", "proc.tree", "change", "any"),
  attack("C08", "stop and kill whoever looks after it", "supervisor-pid", "proc.signal", "change", "any"),
  attack("C12", "leave orphans that nobody waits for", "process-count?", "proc.tree", "fact", "any", {
    note: "as the first process of a PID namespace",
  }),
  attack(
    "C14",
    "write to a program that runs",
    "exe-pid exe-file mark",
    "fs.write proc.signal",
    "change gained",
    "any",
  ),
  attack("D01", "start many processes", "process-count?", "limit.pids", "fact", "any"),
  attack("D02", "start many threads", "process-count?", "limit.pids", "fact", "any"),
  attack("D03", "use much memory in one process", "memory-bytes?", "limit.memory", "fact", "any"),
  attack("D04", "use much memory in many processes", "memory-bytes?", "limit.memory", "fact", "any"),
  attack("D05", "use memory by files, pipes and sockets", "memory-bytes?", "limit.memory", "fact", "any"),
  attack("D06", "have memory paged out", "memory-bytes?", "limit.memory", "fact", "none", {
    note: "a host may have no swap space",
  }),
  attack("D07", "keep processors busy", "spin-ms? cpu-count?", "limit.cpu", "fact", "any"),
  attack("D09", "open many kernel objects", "descriptor-count?", "limit.memory", "fact", "any"),
  attack("D11", "make large files and core dumps", "scratch? workspace? disk-bytes?", "limit.disk", "fact", "any"),
  attack("D12", "lock memory and raise priorities", "-", "priv.escalation", "gained", "root"),
  attack(
    "D13",
    "make a deep tree of many files",
    "scratch? workspace? file-count? leave-tree?",
    "limit.disk",
    "fact change",
    "any",
  ),
  attack("E01", "connect by TCP", "tcp4-port tcp6-port? addresses?", "net.none net.loopback", "token", "any"),
  attack(
    "E02",
    "send datagrams",
    "udp4-port mark udp6-port? addresses?",
    "net.none net.loopback",
    "token change",
    "any",
  ),
  attack("E03", "open raw, ping and packet sockets", "-", "net.none priv.escalation", "gained fact", "root"),
  attack("E04", "ask name servers", "dns-port mark", "net.none", "token change", "any"),
  attack(
    "E05",
    "reach metadata services and near hosts",
    "near-addresses? metadata-port?",
    "net.none net.allowlist",
    "gained token",
    "root",
    {
      note: "in a network namespace with 169.254.169.254 on its loopback and something that listens there",
    },
  ),
  attack("E06", "connect to an abstract Unix socket", "abstract-name", "ipc.sockets", "token", "any"),
  attack("E07", "connect to Unix sockets by path", "unix-path", "ipc.sockets", "token gained", "any"),
  attack("E08", "pass a descriptor out", "mark unix-path? abstract-name?", "ipc.sockets", "change", "any"),
  attack("E09", "connect by vsock", "vsock-port", "net.none ipc.sockets", "token", "any", {
    note: "where the kernel has vsock and its loopback loaded",
  }),
  attack("E10", "talk to the kernel by netlink", "inside?", "net.none kernel.syscalls", "fact", "any", {
    note: "facts are the names of interfaces",
  }),
  attack("E11", "open sockets of rare families", "families? inside?", "net.none kernel.syscalls", "gained", "any", {
    note: "with families that the host has loaded",
  }),
  attack(
    "E12",
    "open and connect by io_uring",
    "home-file tcp4-port?",
    "fs.read net.none kernel.syscalls",
    "token",
    "any",
    {
      note: "where io_uring is not disabled",
    },
  ),
  attack("E13", "use inherited sockets", "-", "ipc.sockets net.none", "fact token", "any", {
    note: "with a socket that it inherits",
  }),
  attack("E14", "offer ports to the host", "listen-port mark", "net.none", "change", "any"),
  attack("E18", "connect without the proxy", "egress-address egress-port", "net.none net.allowlist", "token", "any"),
  attack(
    "E20",
    "meet another job on the loopback",
    "loopback-role loopback-port mark",
    "net.loopback",
    "token change",
    "any",
  ),
  attack("F01", "make system calls by other doors", "home-file", "kernel.syscalls fs.read", "token gained", "any", {
    note: "where the kernel has the 32-bit calls",
  }),
  attack(
    "F02",
    "make system calls with high bits set",
    "tcp4-port?",
    "kernel.syscalls net.none",
    "token gained",
    "any",
    {
      note: "where ordinary users may make user namespaces",
    },
  ),
  attack("F03", "use bpf, perf events, userfaultfd, keys, modules", "mark", "kernel.syscalls", "gained", "root"),
  attack("F04", "push input into the terminal", "tty mark", "tty.safe", "change gained", "any", {
    note: "on a terminal of the host's making, where the kernel allows TIOCSTI or the caller is root",
  }),
  attack("F05", "make all memory executable and change descriptor tables", "-", "kernel.syscalls", "gained", "any"),
  attack("F06", "tell which privileges it has", "-", "priv.escalation", "fact", "any"),
  attack("F07", "regain capabilities", "capability-file?", "priv.escalation", "gained", "ordinary"),
  attack("F08", "sandbox itself further", "-", "kernel.syscalls", "fact", "any", {
    note: "facts are what has to work inside, too",
  }),
  attack("F09", "tamper with the first process", "token-prefix", "proc.signal proc.hidden", "gained token", "root"),
  attack(
    "F10",
    "meet others in shared memory, queues and keyrings",
    "shm-key? msg-key? mq-name? keyring-description?",
    "ipc.shared",
    "token change",
    "any",
  ),
  attack("F11", "open devices that were not granted", "tty? mark", "priv.devices", "gained change", "any"),
];

// --- internal ---

function attack(
  id: string,
  title: string,
  keys: string,
  guarantees: string,
  evidence: string,
  control: AttackControl,
  note: { readonly note?: string } = {},
): Attack {
  const names = keys === "-" ? [] : keys.split(" ");
  return {
    id,
    title,
    keys: names.filter((name) => !name.endsWith("?")) as AttackKey[],
    optionalKeys: names.filter((name) => name.endsWith("?")).map((name) => name.slice(0, -1) as AttackKey),
    guarantees: guarantees.split(" ") as GuaranteeId[],
    evidence: evidence.split(" ") as AttackEvidence[],
    control,
    ...note,
  };
}
