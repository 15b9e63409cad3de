/** No namespace at all: Landlock, two filters on calls, and no new privileges, through cupel's launcher. */
import { isUsable, type Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { confinementOf, landlockVersion, makesNoSocket } from "./_confinement.ts";
import { controlGroupLimits, decideAll, jobEnvironment, resourceLimits, supervision } from "./_decide.ts";
import { landlockRules } from "./_landlock-rules.ts";
import { jobUser } from "./_sandbox-root.ts";
import { descriptorVariables, secretDescriptors } from "./_secrets.ts";
import { defineStrategy } from "./_strategy.ts";

function plan(job: Job, matrix: Standings): LauncherPlan {
  const descriptors = secretDescriptors(job, false);
  const hasScopes = isUsable(matrix["landlock.scopes"]);
  const isOffline = makesNoSocket(job);
  return {
    kind: "launcher",
    namespaces: [],
    outside: "caller",
    root: [],
    confinement: confinementOf(job),
    loopbackUp: false,
    setup: job.setup?.command,
    command: job.command,
    directory: job.workspace.mode === "empty" ? "/" : job.directory,
    descriptors,
    environment: environmentOf(job, descriptorVariables(descriptors)),
    umask: 0o022,
    resourceLimits: resourceLimits({ job, matrix }),
    controlGroup: controlGroupLimits({ job, matrix }),
    dropCapabilities: true,
    seccomp: job.seccomp,
    sockets: isOffline ? "pairs-only" : "by-profile",
    landlockScopes: hasScopes ? ["abstract-unix-socket", "signal"] : [],
    landlockNetwork: isOffline && isUsable(matrix["landlock.network"]) ? "denied" : undefined,
    landlockVersion: landlockVersion(matrix),
    terminal: job.terminal,
    ...supervision({ job, matrix }),
  };
}

/** Git ends where the host's own configuration is there and cannot be read (git(1), GIT_CONFIG_NOSYSTEM). */
const unread = { GIT_CONFIG_NOSYSTEM: "1" } as const;

/** Its home is in the scratch directory, unless the caller names another. */
function environmentOf(job: Job, own: Readonly<Record<string, string>>): Record<string, string> {
  const { HOME, ...rest } = jobEnvironment(job, "", jobUser.name, { ...unread, ...own });
  return HOME === undefined || HOME === "" ? rest : { ...rest, HOME };
}

/** Strategy `landlock`. */
export default defineStrategy({
  id: "landlock",
  rank: 50,
  isolation: "lsm",
  summary: "no namespaces: Landlock, seccomp and no new privileges; through cupel's launcher",
  explanation:
    "cupel's own launcher leaves the job the caller's view of the host, of which Landlock lets it open what was granted and nothing else; filters on system calls keep the rest apart that a namespace would. It needs no namespace, no mount and no privilege, and works in containers. Names of files and other processes stay visible.",
  requires: () => ["landlock.file-system", "privilege.no-new-privs", "seccomp.filter"],
  guarantees: (job, matrix) => decideAll(landlockRules, { job, matrix }),
  plan,
});
