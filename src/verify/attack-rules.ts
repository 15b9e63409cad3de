/** How each attack is judged and controlled, by its id: what the attacker's table leaves to the host's side. */
import { factsOf } from "./attack-record.ts";
import type { AttackControl, AttackRule } from "./attack-spec.ts";
import {
  findCpuTime,
  findForeignDescriptor,
  findForeignSocket,
  findForeignVariable,
  findHostIdentity,
  findInterfaces,
  findListed,
  findPrivilege,
  findSeenFile,
  findUnreachable,
  findZombies,
  moreThan,
} from "./find-breach.ts";

const everyone: AttackControl = { by: "everyone" };
const root: AttackControl = { by: "root" };
const some = (reason: string): AttackControl => ({ by: "some", reason });
const none = (reason: string): AttackControl => ({ by: "none", reason });

const needsNamespace = some("without root it takes a user namespace with rights, which hosts deny");
const needsYama = some("Yama leaves tracing to parents or to root");
const needsFeature = some("kernels are built without it, or it is switched off");
const wouldHarm = none("it would change this host");

const mebibyte = 1024 * 1024;

/** Small enough to be reached in a moment, large enough for the attacker itself. */
const pidsCap = 40;
const memoryCapBytes = 32 * mebibyte;

/** Each has a sandbox of its own: the kernel may end all that is in it. */
const memoryRule: AttackRule = {
  control: everyone,
  wishes: { memoryBytes: memoryCapBytes },
  amounts: { "memory-bytes": String(3 * memoryCapBytes) },
  isEndHeld: true,
  findBreach: moreThan(["touched-bytes", "memfd-bytes", "shm-bytes"], ({ memoryBytes }) => memoryBytes),
  deadlineMs: 5000,
};

/** A connected Unix socket has an inode and a state of its own, which together are larger. */
const objectBytes = 1024;
const objectsCapBytes = 24 * mebibyte;

const diskCapBytes = 2 * mebibyte;

const diskRule: AttackRule = {
  control: everyone,
  wishes: { diskBytes: diskCapBytes },
  amounts: { "disk-bytes": String(2 * diskCapBytes), "file-count": "50" },
};

/** What a proxy denies proves something where it lets through what is listed. */
const proxyRule: AttackRule = {
  control: everyone,
  findDoubt: (record) =>
    findListed(record) === undefined ? "nothing came back of what is listed, by way of the proxy" : undefined,
  deadlineMs: 12_000,
};

/** By id; an attack without an entry is controlled by everyone and judged by its evidence alone. */
export const attackRules: Readonly<Record<string, AttackRule>> = {
  A01: { control: everyone, quickFor: ["fs.read"] },
  A07: { control: some("protected_hardlinks, and a workspace on another file system") },
  A08: {
    control: some("handles are root's to open, and not every file system has them"),
    toldBefore: { channel: "handle", key: "file-handle" },
  },
  A09: { control: everyone },
  A10: { control: everyone, quickFor: ["fs.write"] },
  A11: { control: everyone },
  A12: { control: everyone, guarantees: ["fs.protected", "fs.workspace"] },
  A13: {
    control: everyone,
    guarantees: ["fs.protected", "fs.workspace"],
    quickFor: ["fs.protected", "fs.workspace"],
  },
  A14: { control: everyone, guarantees: ["fs.write"] },
  A15: { control: everyone, quickFor: ["fs.metadata"], findBreach: findSeenFile },
  A16: { control: everyone },
  A17: { control: none("it takes a read-only mount, which only a sandbox has") },
  A18: { control: needsNamespace, signs: { "fs.read": /^token/, "priv.escalation": /^gained/ } },
  A19: { control: needsNamespace, signs: { "fs.read": /^token/, "priv.escalation": /^gained/ } },
  A20: { control: root },
  A21: { control: none("without a sandbox there is no root to leave") },
  A22: { control: some("takes a set-user-id program of root's, and a caller who is not root") },
  A23: { ...diskRule, quickFor: ["limit.disk"], findBreach: moreThan(["written-bytes"], ({ diskBytes }) => diskBytes) },
  A24: { control: wouldHarm },
  B01: { control: everyone, quickFor: ["proc.hidden"] },
  B03: { guarantees: ["fs.read"], control: some("kernels are built without them, and hide their addresses") },
  B04: { control: some("dmesg_restrict leaves it to root, and nobody's token is in it") },
  B05: { control: everyone, quickFor: ["env.clean"], findBreach: findForeignVariable },
  B06: { control: everyone, guarantees: ["secret.private"] },
  B07: { control: everyone, findBreach: findForeignDescriptor },
  B08: { control: none("without a sandbox there is no root to be outside of"), findBreach: findUnreachable },
  B09: { control: none("it takes a mount of a directory whose name is a token") },
  B10: {
    control: everyone,
    guarantees: ["kernel.boundary"],
    quickFor: ["kernel.boundary"],
    findBreach: findHostIdentity,
  },
  B11: { control: some("without root most hosts let nobody write there") },
  // A name that is set in a namespace of its own is nobody else's.
  B12: { control: wouldHarm, findBreach: findHostIdentity },
  B13: {
    control: everyone,
    signs: { "fs.write": /left in \/(?!dev\/shm)/, "ipc.shared": /left in (?:\/dev\/shm|[^/])/ },
    legs: { keys: [{ residue: "leave" }, { residue: "find" }], isTogether: false, cleanUp: { residue: "clean" } },
  },
  C01: { control: everyone, quickFor: ["proc.signal"] },
  C02: { control: needsYama },
  C03: { control: needsYama, signs: { "proc.hidden": /^token/, "proc.signal": /^(?:change|gained)/ } },
  C04: { control: needsYama },
  C05: { control: needsNamespace, signs: { "fs.read": /^token/, "priv.escalation": /^gained/ } },
  C06: { control: needsNamespace },
  C07: { control: everyone, touches: ["process"], quickFor: ["proc.tree"], amounts: { "daemon-seconds": "8" } },
  C08: { control: everyone, touches: ["supervisor-pid"] },
  C12: {
    control: none("every host's first process waits for them"),
    amounts: { "process-count": "200" },
    findBreach: findZombies,
  },
  C14: {
    control: everyone,
    touches: ["exe-pid", "exe-file"],
    signs: { "fs.write": /^(?:change:exe-file|gained)/, "proc.signal": /^change:exe-pid/ },
  },
  D01: {
    control: everyone,
    wishes: { pids: pidsCap },
    quickFor: ["limit.pids"],
    amounts: { "process-count": String(2 * pidsCap) },
    findBreach: moreThan(["processes"], ({ pids }) => pids),
  },
  D02: {
    control: everyone,
    wishes: { pids: pidsCap },
    amounts: { "process-count": String(2 * pidsCap) },
    findBreach: moreThan(["threads"], ({ pids }) => pids),
  },
  D03: { ...memoryRule, quickFor: ["limit.memory"] },
  D04: { ...memoryRule, findBreach: moreThan(["held-bytes"], ({ memoryBytes }) => memoryBytes) },
  D05: memoryRule,
  D07: {
    control: everyone,
    wishes: { cpus: 0.2 },
    quickFor: ["limit.cpu"],
    amounts: { "spin-ms": "800", "cpu-count": "6" },
    findBreach: findCpuTime,
    deadlineMs: 8000,
  },
  D09: {
    ...memoryRule,
    control: some("a caller may have a low limit of open files"),
    wishes: { memoryBytes: objectsCapBytes },
    amounts: { "descriptor-count": String((2 * objectsCapBytes) / objectBytes) },
    findBreach: (record, { wishes: { memoryBytes = Infinity } }) => {
      const bytes = Number(factsOf(record).get("sockets")?.[0] ?? 0) * objectBytes;
      return bytes > memoryBytes ? `its sockets had ${bytes} bytes, and the cap is ${memoryBytes}` : undefined;
    },
  },
  D11: { ...diskRule, findBreach: moreThan(["allocated-bytes"], ({ diskBytes }) => diskBytes) },
  D12: { control: some("root alone may, or whoever has the limits for it"), isRank: true },
  // A proxy answers by way of several processes, on a machine that may have other work.
  E01: {
    control: everyone,
    guarantees: ["net.none"],
    quickFor: ["net.none"],
    findBreach: findListed,
    deadlineMs: 8000,
  },
  E02: { control: everyone, guarantees: ["net.none"] },
  E03: { control: some("without root few hosts let anybody"), guarantees: ["kernel.syscalls"] },
  E04: { control: everyone },
  E05: { control: some("a host may have none of them") },
  // At such a path a bus or an engine starts programs for whoever asks, with what the caller may, and unconfined.
  E07: { control: everyone, guarantees: ["ipc.sockets", "priv.escalation"], quickFor: ["ipc.sockets"] },
  E08: { control: everyone },
  E09: { control: needsFeature },
  // What is gained are sockets of the kernel's own, and a loopback is no network.
  E10: {
    control: everyone,
    findBreach: findInterfaces,
    signs: { "net.none": /^state/, "kernel.syscalls": /^gained/ },
  },
  E11: { control: some("kernels are built without them"), guarantees: ["kernel.syscalls"] },
  E12: {
    control: needsFeature,
    signs: { "fs.read": /^token:file/, "net.none": /^token:(?!file)/, "kernel.syscalls": /^token/ },
  },
  E13: { control: everyone, guarantees: ["ipc.sockets"], findBreach: findForeignSocket },
  E14: { control: everyone },
  E15: { ...proxyRule, quickFor: ["net.allowlist"] },
  E16: proxyRule,
  E17: proxyRule,
  E18: { control: everyone, guarantees: ["net.allowlist"] },
  E20: {
    control: everyone,
    quickFor: ["net.loopback"],
    legs: { keys: [{ "loopback-role": "listen" }, { "loopback-role": "connect" }], isTogether: true },
    deadlineMs: 500,
  },
  F01: { control: needsFeature, signs: { "fs.read": /^token/ } },
  F02: { control: needsNamespace, guarantees: ["kernel.syscalls"], signs: { "kernel.syscalls": /^gained/ } },
  F03: { control: some("without root hosts deny most of them"), quickFor: ["kernel.syscalls"] },
  F04: {
    control: everyone,
    quickFor: ["tty.safe"],
    legs: { keys: [{}, { tty: "own" }], isTogether: false },
    isLackHeld: true,
  },
  F05: { control: some("architectures differ in what there is") },
  F06: { control: everyone, quickFor: ["priv.escalation"], findBreach: findPrivilege },
  F07: { control: some("takes a file with capabilities, and a caller who is not root") },
  F09: { control: none("without a sandbox the first process is the host's") },
  F10: { control: everyone, quickFor: ["ipc.shared"] },
  F11: { control: everyone, quickFor: ["priv.devices"] },
};

/** Attacks of the attacker's that are not made, and why: each would hold whatever happened. */
export const unjudgedAttacks: Readonly<Record<string, string>> = {
  D06: "hosts have no swap space, or the cap on memory counts it",
  F08: "what it tells of has to work, inside and outside",
};
