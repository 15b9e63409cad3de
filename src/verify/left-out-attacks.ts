/** Attacks of the catalogue that the attacker does not hold, and why: what is not tried is not passed over in silence. */

/** One of them. */
export interface LeftOutAttack {
  readonly id: string;
  readonly title: string;
  /** A clause that ends "is not tried, for …". */
  readonly reason: string;
}

const byTests = "it is about what cupel itself does around a job, and its own tests try it";
const bySetUp = "it is about the launch, before any job runs, and cupel's own tests try it";
const byDoctor = "it is about what is found on other hosts, and the doctor's own tests try it";
const byHost = "the job has only to be itself: the host's side makes it and sees what becomes of it";

/** All of them, in the order of the catalogue. */
export const leftOutAttacks: readonly LeftOutAttack[] = [
  { id: "C09", title: "the job's end when its runner is killed", reason: byHost },
  { id: "C10", title: "a job that ignores SIGTERM", reason: "D08 holds a process that ignores it" },
  { id: "C11", title: "exit codes", reason: byTests },
  {
    id: "C13",
    title: "running a denied program by way of the loader or a copy",
    reason: "no strategy promises it: what can be read can be run",
  },
  { id: "D08", title: "limits of time", reason: byHost },
  { id: "D10", title: "a flood of output", reason: "its lines would be lost in it: the host's side does it" },
  { id: "D14", title: "causes of a job's end", reason: byTests },
  { id: "E19", title: "secrets that a proxy puts in", reason: byHost },
  {
    id: "F12",
    title: "known holes of kernels",
    reason: "a version tells of them, and no version decides anything here",
  },
  { id: "G01", title: "links planted where mount points are made", reason: byHost },
  { id: "G02", title: "sources of mounts that are replaced", reason: byHost },
  { id: "G03", title: "artifacts that are links or devices", reason: byHost },
  { id: "G04", title: "workspaces that hold ways out", reason: byHost },
  { id: "G05", title: "files that are left on the host", reason: "G06 looks for them" },
  { id: "G06", title: "mounts, groups and processes that are left", reason: byHost },
  { id: "G07", title: "a job that changes the next job's configuration", reason: "A13 tries the names of such files" },
  { id: "G08", title: "malformed job files", reason: bySetUp },
  { id: "G09", title: "arguments that are taken for options", reason: bySetUp },
  { id: "G10", title: "hosts that are sandboxes themselves", reason: byDoctor },
  { id: "G11", title: "hosts without user namespaces", reason: byDoctor },
  { id: "G12", title: "hosts without Landlock", reason: byDoctor },
  { id: "G13", title: "hosts without control groups", reason: byDoctor },
  { id: "G14", title: "the doctor's truthfulness", reason: byDoctor },
  { id: "G15", title: "many launches at once", reason: byTests },
  { id: "G16", title: "programs that have to work", reason: "it is no attack" },
];
