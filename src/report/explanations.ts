/** What the words of a report mean. Each list is whole: the types see to it. */
import type { CapabilityState, EvidenceLevel } from "../model/capability.ts";
import type { GuaranteeId, IsolationClass } from "../model/guarantee.ts";

/** States of a capability. */
export const stateExplanations: Readonly<Record<CapabilityState, string>> = {
  works:
    "It was done just now, in this context, and did what it should. The level of evidence says how far it was tried.",
  degraded: "It was done, and a part of it is missing, which the summary names. Jobs may build on the rest.",
  blocked: "It exists here, and something denies it; the blockers say what and in which layer.",
  absent: "The kernel, the hardware or a program lacks it.",
  broken: "It is there, and errs, hangs or gives wrong answers. Nothing builds on it.",
  unknown:
    "It could not be told: the probe ran out of time, crashed or was not allowed to look. Nothing builds on it, and no demand counts as held by it.",
  "not-applicable":
    "It has no meaning for this caller or platform: what only root needs, for instance, to an ordinary user.",
};

/** Levels of evidence. */
export const levelExplanations: Readonly<Record<EvidenceLevel, string>> = {
  enforced: "The strongest evidence: a forbidden act was seen to fail, and an allowed one beside it to succeed.",
  exercised: "It was done, as a job's sandbox would do it, and the result was looked at.",
  opened: "A device or service was opened and answered; nothing was done with it.",
  declared: "A file, a flag or a version says so. It was read and not tried.",
  inferred: "It follows from something else that was measured.",
};

/** Classes of isolation. */
export const classExplanations: Readonly<Record<IsolationClass, string>> = {
  vm: "A virtual machine: the job runs on a kernel of its own. The strongest class.",
  "user-kernel": "A kernel in user space, such as gVisor's, stands between the job and the host's kernel.",
  container:
    "A container made by an engine: namespaces, control groups and filters that the engine sets up. As strong as namespace.",
  namespace:
    "Namespaces, a root of the job's own and a filter on system calls, made by cupel itself. As strong as container.",
  lsm: "Rules of a security module, such as Landlock, on an ordinary process.",
  process: "An ordinary process with a clean environment and fewer privileges. The weakest class.",
};

/** Strategies: what they do, beyond their one line. */
export const strategyExplanations: Readonly<Record<string, string>> = {
  namespaces:
    "cupel's own launcher makes user, mount, PID, IPC, UTS, control group and network namespaces, builds a root from the host's programs and what was granted, drops every privilege and loads a filter on system calls.",
  process:
    "cupel's own launcher starts the command in a session of its own with a clean environment and no new privileges. It is taken only where what it does not keep was given up by name.",
};

/** Guarantees: what is meant, and what is not. */
export const guaranteeExplanations: Readonly<Record<GuaranteeId, string>> = {
  "fs.read":
    "The system's programs, the workspace and what was granted can be read; home directories, other users' files and cupel's own state cannot.",
  "fs.write":
    "Writes reach what was granted for writing and private places that end with the job, and nothing else of the host.",
  "fs.metadata": "Other paths do not exist for the job: their names, sizes and times cannot be found out either.",
  "fs.protected":
    "Names that tools obey, such as .git/hooks, shell start-up files, cupel.yaml, cupel.lock.json or a job file, stay as they are, also those that are not there yet. The user's own configuration of cupel cannot be granted for writing at all.",
  "fs.workspace":
    "What the job does to the workspace is kept apart (an overlay, or a copy of it) until the caller applies it: cupel changes shows it, cupel apply does it, cupel discard forgets it.",
  "net.none":
    "A network namespace of the job's own, with a loopback that leads nowhere, or no socket at all (--network no-sockets): no packet and no name leaves.",
  "net.allowlist": "Connections reach the listed destinations and no others, by name or address.",
  "net.loopback": "127.0.0.1 and ::1 are the job's own: services on the host's loopback are out of reach.",
  "ipc.sockets":
    "Sockets of the host's services cannot be connected to, neither by path nor by abstract name. One inside a granted directory is granted with it.",
  "ipc.shared": "System V and POSIX memory, queues, semaphores and keyrings are the job's own.",
  "proc.hidden": "The job sees its own processes and no others.",
  "proc.signal": "Signals and ptrace reach the job's own processes and no others.",
  "proc.tree": "When the job ends or cupel does, by whatever means, every process that it started ends.",
  "priv.escalation":
    "Set-id programs, file capabilities and new user namespaces give the job nothing; it has no capability in any set.",
  "priv.devices": "Devices that keep no state of the host's (null, zero, random, …) and those that were granted.",
  "kernel.syscalls":
    "System calls that have no place in a job, such as those that load modules, mount or trace, are answered with an error. --seccomp strict leaves only the essential ones, compat lets debuggers work.",
  "kernel.boundary": "A flaw in the host's kernel is not within the job's reach, since the job runs on another kernel.",
  "limit.time":
    "After its time (--timeout), or after a time without output (--idle), the whole job is ended, with everything that it started.",
  "limit.cpu":
    "All processes of the job together get no more than this many CPUs' worth of time (--cpus), and are ended when they have used so much of it (--cpu-time).",
  "limit.memory":
    "All processes of the job together take no more than this much memory. A limit for each process alone (RLIMIT_AS) does not count.",
  "limit.pids": "All processes and threads of the job together are no more than this many.",
  "limit.disk":
    "Everything that the job can write to has a size: file systems of its own, in memory (--tmp-size, --tmp-files), and the layer of a copy-on-write workspace, in memory until the job ends (--workspace-size). What is written through to the host has none.",
  "limit.output":
    "No more than this much of what the job writes to its outputs and its terminal, together, is passed on (--output-size); what is more is dropped, or ends the job (--on-output kill).",
  "env.clean":
    "The job gets a few variables that every program expects, and those that were named. The caller's are not passed on.",
  "secret.private": "A secret given to the job is in no argument, variable, log or report.",
  "tty.safe": "The job has no descriptor of the caller's terminal: it cannot push words into its input.",
};
