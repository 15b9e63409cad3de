/** How each attack is judged and controlled, by its id: what the attacker's table leaves to the host's side. */
import type { AttackControl, AttackRule } from "./attack-spec.ts";
import {
  findForeignDescriptor,
  findForeignVariable,
  findHostIdentity,
  findInterfaces,
  findPrivilege,
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

/** By id; an attack without an entry is controlled by everyone and judged by its evidence alone. */
export const attackRules: Readonly<Record<string, AttackRule>> = {
  A01: { control: everyone, quickFor: ["fs.read"] },
  A07: { control: some("protected_hardlinks, and a workspace on another file system"), touches: ["home-file"] },
  A08: { control: some("takes CAP_DAC_READ_SEARCH, and the file on the file system of /") },
  A09: { control: everyone, touches: ["read-only-file"] },
  A10: { control: everyone, touches: ["out-directory", "home-file"], quickFor: ["fs.write"] },
  A11: { control: everyone, touches: ["read-only-file"] },
  A12: { control: everyone, touches: ["protected-directory"], guarantees: ["fs.protected", "fs.workspace"] },
  A13: {
    control: everyone,
    touches: ["protected-directory", "workspace"],
    guarantees: ["fs.protected", "fs.workspace"],
    quickFor: ["fs.protected", "fs.workspace"],
  },
  A14: { control: everyone, touches: ["read-only-file"], guarantees: ["fs.write"] },
  A15: { control: everyone, quickFor: ["fs.metadata"] },
  A16: { control: everyone, touches: ["read-only-file"] },
  A17: { control: none("it takes a read-only mount, which only a sandbox has") },
  A18: { control: needsNamespace },
  A19: { control: needsNamespace },
  A20: { control: root, quickFor: ["priv.devices"] },
  A21: { control: none("without a sandbox there is no root to leave") },
  A22: { control: some("takes a set-user-id program of root's, and a caller who is not root") },
  A23: { control: everyone, amounts: () => ({ "disk-bytes": String(16 * mebibyte), "file-count": "500" }) },
  A24: { control: wouldHarm, touches: ["settings"] },
  B01: { control: everyone, quickFor: ["proc.hidden"] },
  B03: { control: some("kernels are built without them, and hide their addresses") },
  B04: { control: some("dmesg_restrict leaves it to root, and nobody's token is in it") },
  B05: { control: everyone, quickFor: ["env.clean"], findBreach: findForeignVariable },
  B06: { control: everyone, guarantees: ["secret.private"], quickFor: ["secret.private"] },
  B07: { control: everyone, findBreach: findForeignDescriptor },
  B08: { control: none("without a sandbox there is no root to be outside of") },
  B09: { control: none("it takes a mount of a directory whose name is a token") },
  B10: {
    control: everyone,
    guarantees: ["kernel.boundary"],
    quickFor: ["kernel.boundary"],
    findBreach: findHostIdentity,
  },
  B11: { control: some("without root most hosts let nobody write there") },
  B12: { control: wouldHarm },
  C01: { control: everyone, touches: ["signal"], quickFor: ["proc.signal"] },
  C02: { control: needsYama },
  C03: { control: needsYama, touches: ["victim-address"] },
  C04: { control: needsYama },
  C05: { control: none("it takes a victim in other namespaces") },
  C06: { control: needsNamespace },
  C07: { control: everyone, touches: ["process"], quickFor: ["proc.tree"], amounts: () => ({ "daemon-seconds": "8" }) },
  C08: { control: everyone, touches: ["supervisor-pid"] },
  C12: { control: none("every host's first process waits for them"), amounts: () => ({ "process-count": "200" }) },
  C14: { control: everyone, touches: ["exe-file", "exe-pid"] },
  D01: {
    control: everyone,
    round: "processes",
    quickFor: ["limit.pids"],
    amounts: ({ pids = 0 }) => ({ "process-count": String(2 * pids) }),
    findBreach: moreThan("processes", ({ pids }) => pids),
  },
  D02: {
    control: everyone,
    round: "processes",
    amounts: ({ pids = 0 }) => ({ "process-count": String(2 * pids) }),
    findBreach: moreThan("threads", ({ pids }) => pids),
  },
  D06: { control: none("a host may have no swap space") },
  D12: { control: some("root alone may, or whoever has the limits for it") },
  D13: { control: everyone, amounts: () => ({ "file-count": "200" }) },
  E01: { control: everyone, guarantees: ["net.none"], quickFor: ["net.none"] },
  E02: { control: everyone, guarantees: ["net.none"], touches: ["udp4-port", "udp6-port"] },
  E03: { control: some("without root few hosts let anybody") },
  E04: { control: everyone, touches: ["dns-port"] },
  E05: { control: some("a host may have none of them") },
  E07: { control: everyone, quickFor: ["ipc.sockets"] },
  E08: { control: everyone, touches: ["unix-path", "abstract-name"] },
  E09: { control: needsFeature },
  E10: { control: everyone, guarantees: ["net.none"], findBreach: findInterfaces },
  E11: { control: some("kernels are built without them") },
  E12: { control: needsFeature },
  E14: { control: everyone, touches: ["listen-port"] },
  F01: { control: needsFeature },
  F02: { control: needsNamespace },
  F03: { control: some("without root hosts deny most of them"), quickFor: ["kernel.syscalls"] },
  F04: { control: some("kernels let nobody (dev.tty.legacy_tiocsti)"), touches: ["tty"], quickFor: ["tty.safe"] },
  F05: { control: some("architectures differ in what there is") },
  F06: { control: everyone, quickFor: ["priv.escalation"], findBreach: findPrivilege },
  F07: { control: some("takes a file with capabilities, and a caller who is not root") },
  F08: { control: none("what it tells of has to work, inside and outside") },
  F09: { control: none("without a sandbox the first process is the host's") },
  F10: { control: everyone, quickFor: ["ipc.shared"], touches: ["shm-key", "msg-key", "mq-name", "keyring-description"] },
  F11: { control: some("hosts have none, or let nobody") },
};
