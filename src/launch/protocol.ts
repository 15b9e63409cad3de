/** What cupel and its launcher say to each other. One table for both: `scripts/gen.ts` writes the C side from it. */

/** First word of every instruction: "CUPL", little-endian. */
export const protocolMagic = 0x4c_50_55_43;

/** Raised with every change of the tables below: a launcher refuses another version whole. */
export const protocolVersion = 12;

/** Longest instruction, in bytes. Arguments and environment may take 2 MiB (execve(2), MAX_ARG_STRINGS in practice). */
export const instructionBytesMax = 4 * 1024 * 1024;

/** Kinds of records in an instruction. */
export const recordKinds = {
  identity: 1,
  namespaces: 2,
  options: 3,
  hostname: 4,
  directory: 5,
  argument: 6,
  variable: 7,
  resourceLimit: 8,
  controlGroup: 9,
  seccomp: 10,
  landlock: 11,
  time: 12,
  capture: 13,
  output: 14,
  proxy: 15,
  descriptor: 16,
  publish: 17,
  setupArgument: 18,
  pinned: 19,
  mirror: 20,
  bind: 21,
  tmpfs: 22,
  makeDirectory: 23,
  file: 24,
  symlink: 25,
  proc: 26,
  readOnly: 27,
  mask: 28,
  devices: 29,
  overlay: 30,
  direct: 31,
  guard: 32,
  pathRule: 33,
  around: 34,
  makerArgument: 40,
  makerVariable: 41,
  makerInput: 42,
  makerSource: 43,
  makerStart: 44,
  makerFurther: 45,
  makerGate: 46,
  makerDaemon: 47,
} as const;

/**
 * Where another program makes the sandbox: what it finds at which descriptor, and passes on to the launcher that it starts
 * inside. Inputs of its own follow each other from `firstInput` on.
 */
export const makerDescriptors = {
  report: 3,
  command: 4,
  instruction: 5,
  input: 6,
  output: 7,
  errors: 8,
  terminal: 9,
  listeners: 10,
  program: 11,
  knowledge: 12,
  joining: 13,
  firstInput: 14,
} as const;

/** When a further call of an engine's client is made: before the container's, after it, or only where that did not end by itself. */
export const callTimes = { before: 1, after: 2, afterLoss: 3 } as const;

/** Bits of the `options` record. */
export const optionBits = {
  /** Outside ids are given and taken with setresuid(2): root only. */
  freshIdentity: 1,
  dropCapabilities: 2,
  loopbackUp: 4,
  /** Everything but the job: report `ready` and end. */
  rehearsal: 8,
  /** Of a resident launcher: what jobs see alike is mounted once, and each job's mount namespace is a copy of that. */
  sharedRoot: 16,
  /** A terminal of the job's own, relayed to the caller's. */
  terminal: 32,
  /** The maker is an engine: it stays beside the sandbox, whose first process is not its child. */
  engine: 64,
  /** The engine's client passes its standard input on: what its sandbox's first process is given comes by that. */
  input: 128,
} as const;

/** Kinds of frames that a resident launcher sends: an event's line, or what a job wrote. */
export const frameKinds = { event: 1, output: 2, errors: 3 } as const;

/** Bits of root steps. */
export const stepBits = {
  writable: 1,
  optional: 2,
  mapOwnerIfPossible: 4,
  mapOwner: 8,
  owned: 16,
  noSwap: 32,
} as const;

/** Bits of a path rule; without the first two what lies there may be read and executed. */
export const pathBits = {
  write: 1,
  /** Read from and written to, and nothing made. */
  device: 2,
  /** Nothing where it is absent, and a symlink there is followed. */
  optional: 4,
} as const;

/** How many inputs a maker can be given. */
export const makerInputsMax = 256;

/** Steps of a launch, in about their order. The launcher names the one that failed. */
export const launchSteps = [
  "instruction",
  "standard-streams",
  "control-group",
  "idmap-namespace",
  "clone",
  "cgroup-namespace",
  "map-ids",
  "mount-private",
  "mount-root",
  "mirror",
  "bind",
  "bind-source",
  "overlay",
  "mount-point",
  "idmap",
  "mount-tmpfs",
  "make-directory",
  "write-file",
  "make-symlink",
  "mount-proc",
  "read-only",
  "mask",
  "devices",
  "pivot-root",
  "hostname",
  "loopback",
  "publish",
  "proxy",
  "direct",
  "drop-identity",
  "user-namespace",
  "terminal",
  "working-directory",
  "resource-limit",
  "keyring",
  "capabilities",
  "no-new-privs",
  "seccomp",
  "landlock",
  "descriptor",
  "fork",
  "maker",
  "guest",
] as const;

/** One of {@link launchSteps}. */
export type LaunchStep = (typeof launchSteps)[number];

/** Control bytes after the instruction: 1 to 64 are signals for the job's process group. */
export const controlKill = 255;

/** The set-up command has ended, and its job may be started. */
export const controlProceed = 254;

/** The terminal has taken all that came by way of cupel. */
export const controlShown = 253;
