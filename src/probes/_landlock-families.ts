/** Landlock's rights by family: the ABI that brought each, what is done with it, and which errnos show that it holds. */
import { errnoAt, type Reading } from "./_steps.ts";

/** One right beyond those that make a family: it decides only where this ABI has it and its control worked. */
interface Right {
  readonly since: number;
  readonly name: string;
  readonly words: Readonly<Record<string, string>>;
  readonly control: readonly [step: string, errno: string];
  readonly expected: Readonly<Record<string, string>>;
}

/** One family, and so one capability. */
export interface Family {
  readonly since: number;
  readonly kernel: string;
  readonly summary: string;
  readonly words: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
  readonly rights?: readonly Right[];
}

const fileRights: readonly Right[] = [
  {
    since: 1,
    name: "execute",
    words: {
      "execute-control": "execute the prober before",
      "execute-denied": "execute it after",
      "execute-allowed": "execute it where that is allowed",
    },
    control: ["execute-control", "ok"],
    expected: { "execute-denied": "EACCES", "execute-allowed": "ok" },
  },
  {
    since: 2,
    name: "refer",
    words: {
      "refer-control": "move a file to another directory before",
      "refer-denied": "move it back after",
      "refer-allowed": "move a file where that is allowed after",
    },
    control: ["refer-control", "ok"],
    expected: { "refer-denied": "EXDEV", "refer-allowed": "ok" },
  },
  {
    since: 3,
    name: "truncate",
    words: { "truncate-control": "truncate a file before", "truncate-denied": "truncate it after" },
    control: ["truncate-control", "ok"],
    expected: { "truncate-denied": "EACCES" },
  },
];

/** ABIs as Documentation/userspace-api/landlock.rst lists them. */
export const families = {
  "landlock.file-system": {
    since: 1,
    kernel: "5.13",
    summary: "denies opening a file and a directory, lets the allowed one through",
    words: {
      "file-control": "open /dev/zero for writing before",
      "directory-control": "open / before",
      "file-restrict": "landlock_restrict_self",
      "file-denied": "open /dev/zero for writing after",
      "directory-denied": "open / after",
      "file-allowed": "open /dev/null, which is allowed, for writing after",
    },
    expected: {
      "file-control": "ok",
      "directory-control": "ok",
      "file-denied": "EACCES",
      "directory-denied": "EACCES",
      "file-allowed": "ok",
    },
    rights: fileRights,
  },
  "landlock.network": {
    since: 4,
    kernel: "6.7",
    summary: "denies TCP connect and bind, lets the allowed port through",
    words: {
      "connect-control": "connect to a port before",
      "bind-control": "bind a port before",
      "connect-denied": "connect to it after",
      "bind-denied": "bind a port after",
      "connect-allowed": "connect to a port that is allowed after",
    },
    expected: {
      "connect-control": "ok",
      "bind-control": "ok",
      "connect-denied": "EACCES",
      "bind-denied": "EACCES",
      "connect-allowed": "ok",
    },
  },
  "landlock.devices": {
    since: 5,
    kernel: "6.10",
    summary: "denies ioctl on a device, lets the allowed one through",
    words: {
      "ioctl-control": "ioctl on /dev/null, which is no terminal, before",
      "ioctl-denied": "the same after",
      "ioctl-allowed": "the same on /dev/zero, which is allowed, after",
    },
    expected: { "ioctl-control": "ENOTTY", "ioctl-denied": "EACCES", "ioctl-allowed": "ENOTTY" },
  },
  "landlock.scopes": {
    since: 6,
    kernel: "6.12",
    summary: "abstract sockets and processes outside the domain are out of reach, those inside are not",
    words: {
      "abstract-control": "connect to an abstract socket outside before",
      "signal-control": "signal a process outside before",
      "abstract-denied": "connect to it after",
      "signal-denied": "signal it after",
      "abstract-allowed": "connect to an abstract socket inside after",
      "signal-allowed": "signal a process inside after",
    },
    expected: {
      "abstract-control": "ok",
      "signal-control": "ok",
      "abstract-denied": "EPERM",
      "signal-denied": "EPERM",
      "abstract-allowed": "ok",
      "signal-allowed": "ok",
    },
  },
} as const satisfies Readonly<Record<string, Family>>;

/** Rights of a family that this ABI has, and whose control worked. */
export function triedRights(reading: Reading, { rights = [] }: Family, abi: number): readonly Right[] {
  return rights.filter(({ since, control }) => since <= abi && errnoAt(reading, control[0]) === control[1]);
}

/** Rights of a family that this ABI has but that could not be tried here, by name. */
export function untriedRights(reading: Reading, { rights = [] }: Family, abi: number): string[] {
  return rights
    .filter(({ since, control }) => since <= abi && errnoAt(reading, control[0]) !== control[1])
    .map(({ name }) => name);
}

/** Faults that later kernels mend (landlock.rst, "Errata"): the number, the first ABI that has the fault, and what it is. */
const errata = [
  { bit: 1, since: 4, fault: "rules for TCP hold for other protocols, too" },
  { bit: 2, since: 6, fault: "threads of one process may not signal each other" },
  { bit: 3, since: 1, fault: "a directory moved out from under a mount is judged wrongly" },
] as const;

/** Faults of this ABI that `fixed`, a mask with the first erratum in bit 0, does not list. */
export function openErrata(abi: number, fixed: number): string[] {
  return errata.flatMap(({ bit, since, fault }) =>
    since <= abi && Math.floor(fixed / 2 ** (bit - 1)) % 2 === 0 ? [`${bit} (${fault})`] : [],
  );
}
