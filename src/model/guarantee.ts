/** Guarantees: what is promised to whoever runs a job. The ids are API. */

/** Every guarantee with its promise, in the order in which reports list them. */
export const guaranteePromises = {
  "fs.read": "only granted paths can be read",
  "fs.write": "only granted paths can be changed",
  "fs.metadata": "only granted paths can be seen to exist",
  "fs.protected": "protected names cannot be created or changed, also where they do not exist yet",
  "fs.workspace": "the host's workspace stays as it was until the caller applies the changes",
  "net.none": "no network at all",
  "net.allowlist": "only listed destinations can be reached",
  "net.loopback": "a loopback of the job's own",
  "ipc.sockets": "no host Unix sockets, by path or abstract",
  "ipc.shared": "no shared memory, queues or keyrings with anyone else",
  "proc.hidden": "other processes are invisible",
  "proc.signal": "other processes are neither signalled nor traced",
  "proc.tree": "nothing outlives the job",
  "priv.escalation": "no way to gain privileges",
  "priv.devices": "only listed devices",
  "kernel.syscalls": "dangerous system calls are filtered",
  "kernel.boundary": "the job does not run on the host's kernel",
  "limit.time": "a cap on wall time, on the whole tree",
  "limit.cpu": "a cap on CPU, on the whole tree",
  "limit.memory": "a cap on memory, on the whole tree",
  "limit.pids": "a cap on processes and threads, on the whole tree",
  "limit.disk": "a cap on disk, on the whole tree",
  "limit.output": "a cap on output, on the whole tree",
  "env.clean": "only declared variables",
  "secret.private": "secrets never in argv, environment or anything cupel itself writes",
  "tty.safe": "the job never holds the caller's terminal: nothing can be pushed into its input by ioctl",
} as const;

/** The id of a guarantee. */
export type GuaranteeId = keyof typeof guaranteePromises;

/** All ids, in report order. */
export const guaranteeIds = Object.keys(guaranteePromises) as GuaranteeId[];

/** The isolation set: what every job demands unless the caller drops it by name. */
export const isolationSet: readonly GuaranteeId[] = [
  "fs.read",
  "fs.write",
  "fs.metadata",
  "fs.protected",
  "net.none",
  "ipc.sockets",
  "ipc.shared",
  "proc.hidden",
  "proc.signal",
  "proc.tree",
  "priv.escalation",
  "priv.devices",
  "kernel.syscalls",
  "env.clean",
  "tty.safe",
];

/** Isolation classes, strongest first; `container` and `namespace` are of one strength. */
export const isolationClasses = ["vm", "user-kernel", "container", "namespace", "lsm", "process"] as const;

/** One of {@link isolationClasses}. */
export type IsolationClass = (typeof isolationClasses)[number];

const strength: Readonly<Record<IsolationClass, number>> = {
  vm: 5,
  "user-kernel": 4,
  container: 3,
  namespace: 3,
  lsm: 2,
  process: 1,
};

/** Strength of a class: higher is stronger; equal for `container` and `namespace`. */
export function isolationStrength(isolation: IsolationClass): number {
  return strength[isolation];
}

/** What a strategy says about one guarantee for one job on one host. */
export type GuaranteeDecision =
  | {
      readonly id: GuaranteeId;
      readonly kept: true;
      /** How it is kept, one line. */
      readonly mechanism: string;
      /** Ids of the capabilities that the mechanism stands on. */
      readonly capabilities: readonly string[];
    }
  | {
      readonly id: GuaranteeId;
      readonly kept: false;
      /** Why not, one line. */
      readonly reason: string;
      /** Id of the capability whose lack is the reason, where there is one. */
      readonly missing?: string | undefined;
    };
