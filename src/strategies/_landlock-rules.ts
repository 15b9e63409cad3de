/** What Landlock, two filters on calls and no new privileges keep, guarantee by guarantee. Pure. */
import type { Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import { grantAround, hiddenWithin, landlockVersion, makesNoSocket, needsMounts } from "./_confinement.ts";
import { controlGroupRules, cpuRule, keptBy, notProvided, type GuaranteeRule } from "./_decide.ts";
import { profileMechanisms } from "./_system-calls.ts";
import { unlessWritten, writtenThrough } from "./_workspace-rules.ts";

/** LANDLOCK_ACCESS_FS_TRUNCATE (landlock(7), Linux 6.2): before it a file could be cut by its path. */
const truncationVersion = 3;

const granted = keptBy("Landlock: what was not granted cannot be opened", "landlock.file-system", "seccomp.filter");

/** Also where it cannot give its ids up: only an ordinary user has none to give. */
function isRoots(matrix: Standings): boolean {
  return matrix["privilege.drop-identity"]?.state !== "not-applicable";
}

/** A rule speaks of /proc whole, or of a process that is there already; OCI runtimes mount over what root alone may read. */
const rootsOwn = "called by root, the job reads what of /proc is root's alone (timer_list, slabinfo)";

/** What takes a mount is refused: it cannot be left out in silence. */
const readable: GuaranteeRule = (circumstances) => {
  const { job, matrix } = circumstances;
  const lack = needsMounts(job) ?? hiddenWithin(job) ?? (isRoots(matrix) ? rootsOwn : undefined);
  return lack === undefined ? granted(circumstances) : { kept: false, reason: lack };
};

const changeable = keptBy(
  "Landlock: what was not granted cannot be changed; mode, owner and times by cupel, where the job may write",
  "landlock.file-system",
  "seccomp.filter",
);

/** By the rule, where Landlock denies all that changes a file. */
function unlessTruncated(rule: GuaranteeRule): GuaranteeRule {
  return (circumstances) => {
    const version = landlockVersion(circumstances.matrix);
    if (version === undefined || version >= truncationVersion) return rule(circumstances);
    const reason = `Landlock ABI ${version} denies nobody to truncate a file; ABI ${truncationVersion} does (Linux 6.2)`;
    return { kept: false, reason };
  };
}

const unchanged = unlessTruncated(
  keptBy("Landlock: nothing of the workspace can be changed", "landlock.file-system", "seccomp.filter"),
);

const workspace: GuaranteeRule = (circumstances) => {
  const { workspace: asked } = circumstances.job;
  if (asked.mode === "cow" && asked.isStated)
    return {
      kept: false,
      reason: "a layer over the workspace, or a copy in its place, takes a mount (--workspace cow)",
    };
  return unlessWritten(writtenThrough, unchanged)(circumstances);
};

const protectedNames = unlessWritten(
  "Landlock denies nothing within what may be written (--workspace rw, --write)",
  unchanged,
);

const noSocket = keptBy(
  "the seccomp filter lets no socket be made but connected pairs (/proc/net still tells of the host's interfaces)",
  "seccomp.filter",
);

function unlessSockets(rule: GuaranteeRule, reason: string): GuaranteeRule {
  return (circumstances) => (makesNoSocket(circumstances.job) ? rule(circumstances) : { kept: false, reason });
}

/** A service of the caller's that listens at a path, a session bus say, starts programs that nothing confines. */
const byServices = "whoever listens at a socket of the host's does for the job what it may not (--network host)";

function ownActs(rule: GuaranteeRule): GuaranteeRule {
  return unlessSockets(rule, byServices);
}

/** Landlock has no mount that is without devices: what lies in a grant is granted with it. */
function unlessGranted(place: string, rule: GuaranteeRule): GuaranteeRule {
  return (circumstances) => {
    const path = grantAround(circumstances.job, place);
    return path === undefined
      ? rule(circumstances)
      : { kept: false, reason: `${path}, which is granted, has to do with ${place}` };
  };
}

const wholeDomain = keptBy(
  "a Landlock domain that no signal leaves: all in it are ended at once, whoever is gone by then",
  "landlock.scopes",
);

const noTracing = keptBy(
  "Landlock: no signal leaves the job's domain, and nothing outside of it can be traced; limits of others filtered",
  "landlock.scopes",
  "seccomp.filter",
);

const compatFiltered = keptBy(
  "cupel's compat seccomp profile: dangerous calls are denied, but not those that Landlock bounds",
  "seccomp.filter",
  "privilege.no-new-privs",
  "landlock.scopes",
);

const filtered: GuaranteeRule = (circumstances) => {
  const { seccomp } = circumstances.job;
  return seccomp === "compat"
    ? compatFiltered(circumstances)
    : keptBy(profileMechanisms[seccomp], "seccomp.filter", "privilege.no-new-privs")(circumstances);
};

/** Whoever may change what cupel itself keeps decides what it starts next. */
function unlessHeld(rule: GuaranteeRule): GuaranteeRule {
  return (circumstances) => {
    const reason = hiddenWithin(circumstances.job);
    return reason === undefined ? rule(circumstances) : { kept: false, reason };
  };
}

/** Every guarantee, and what decides it. */
export const landlockRules: Readonly<Record<GuaranteeId, GuaranteeRule>> = {
  "fs.read": ownActs(readable),
  "fs.write": ownActs(unlessTruncated(changeable)),
  "fs.metadata": notProvided("Landlock hides no name: whatever the caller can see to exist, the job can"),
  "fs.protected": ownActs(protectedNames),
  "fs.workspace": ownActs(workspace),
  "net.none": unlessSockets(noSocket, "the job has the host's network"),
  "net.allowlist": notProvided("there is no network of the job's own that a proxy could be the one way out of"),
  "net.loopback": notProvided("there is no network of the job's own"),
  "ipc.sockets": unlessSockets(noSocket, "Landlock denies nobody to connect to a socket by its path (before ABI 9)"),
  "ipc.shared": ownActs(
    unlessGranted(
      "/dev/shm",
      keptBy(
        "System V objects and message queues filtered, /dev/shm not granted, a session keyring of its own",
        "seccomp.filter",
        "landlock.file-system",
      ),
    ),
  ),
  "proc.hidden": notProvided("the job sees the host's /proc: which processes there are, and their arguments"),
  "proc.signal": ownActs(unlessGranted("/proc", noTracing)),
  "proc.tree": ownActs(wholeDomain),
  "priv.escalation": unlessSockets(
    unlessHeld(
      keptBy(
        "no capability in any set that could be gained, no_new_privs, nothing to open or to connect to",
        "privilege.no-new-privs",
        "landlock.file-system",
        "seccomp.filter",
      ),
    ),
    "no_new_privs holds, but whoever listens at a socket of the host's is in reach",
  ),
  "priv.devices": ownActs(
    unlessGranted("/dev", keptBy("Landlock: six harmless devices can be opened, and no other", "landlock.file-system")),
  ),
  "kernel.syscalls": filtered,
  "kernel.boundary": notProvided("the job runs on the host's kernel"),
  "limit.time": ownActs(
    keptBy("the launcher's deadline ends the Landlock domain, all of it at once", "landlock.scopes"),
  ),
  ...controlGroupRules,
  "limit.cpu": cpuRule(
    ownActs(
      keptBy(
        "the CPU time that a control group of the job's own counts, looked at in time",
        "cgroup.cpu-time",
        "landlock.scopes",
      ),
    ),
  ),
  "limit.disk": notProvided("what the job writes goes to the host's disk, where nothing caps it"),
  "limit.output": keptBy("output that has a cap goes through relays that count it together", "landlock.file-system"),
  "env.clean": keptBy("the environment is built from nothing"),
  "secret.private": notProvided("the job sees the arguments of other processes"),
  "tty.safe": ownActs(
    unlessGranted(
      "/dev",
      keptBy(
        "a session without the caller's terminal, which cannot be opened by its path either; TIOCSTI filtered",
        "landlock.file-system",
        "seccomp.filter",
      ),
    ),
  ),
};
