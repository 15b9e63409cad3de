/** cupel, and the yardsticks beside it. */
import { lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { bwrapCommand, type HostLook } from "./bwrap-arguments.ts";
import type { Candidate, Contestant, JobCommand } from "./contestant.ts";
import { readPlan, writeInstruction } from "./instruction.ts";
import type { Workshop } from "./workshop.ts";

/** CLONE_NEW* (linux/sched.h). */
const everyNamespaceButNetwork = 0x0002_0000 + 0x0200_0000 + 0x0400_0000 + 0x0800_0000 + 0x1000_0000 + 0x2000_0000;
const networkNamespace = 0x4000_0000;

function bareLoop(name: string, what: string, namespaces: number, hasMounts: boolean): Contestant {
  return {
    name,
    what,
    runsJobs: true,
    work: (command) => ({ kind: "bare", namespaces, hasMounts, command }),
  };
}

function program(name: string, what: string, command: readonly string[]): Contestant {
  return { name, what, runsJobs: false, work: () => ({ kind: "spawn", command }) };
}

const every = everyNamespaceButNetwork + networkNamespace;

function yardsticks(workshop: Workshop): Contestant[] {
  return [
    {
      name: "fork-exec",
      what: "the job alone, no sandbox: the floor",
      runsJobs: true,
      work: (command) => ({ kind: "spawn", command }),
    },
    bareLoop("bare-loop", "C loop: seven namespaces, id maps, lo up", every, false),
    bareLoop("bare-loop-mounts", "C loop: the same, own /proc and /tmp", every, true),
    bareLoop("bare-loop-no-network", "C loop: six namespaces, id maps", everyNamespaceButNetwork, false),
    program("empty-program", "an empty compiled Bun program: the runtime's floor", [workshop.emptyProgram]),
  ];
}

const look: HostLook = {
  entry: (path) => {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) return "absent";
    return status.isSymbolicLink() ? { link: readlinkSync(path) } : "other";
  },
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
};

/** bwrap with the launcher's namespaces and mounts; the contents of files come from files of the workshop. */
function equalBwrap(workshop: Workshop, plan: LauncherPlan, bwrap: string): Contestant {
  const { words, contents } = bwrapCommand(plan, look);
  const folder = join(workshop.path, "contents");
  mkdirSync(folder, { recursive: true });
  const opens: Record<number, string> = {};
  for (const [number, content] of Object.entries(contents)) {
    opens[Number(number)] = join(folder, number);
    writeFileSync(join(folder, number), content);
  }
  return {
    name: "bwrap-same",
    what: "bwrap: the launcher's namespaces and mounts",
    runsJobs: true,
    work: (job) => ({ kind: "spawn", command: [bwrap, ...words, "--", ...job], opens }),
  };
}

function launcher(workshop: Workshop, plan: LauncherPlan): Contestant {
  return {
    name: "launcher",
    what: "cupel's launcher, a fresh one for each job",
    runsJobs: true,
    work: (job: JobCommand) => ({
      kind: "launcher",
      launcher: workshop.launcher,
      instruction: writeInstruction(workshop, plan, job),
    }),
  };
}

function fromPlan(workshop: Workshop): Candidate[] {
  const plan = readPlan(workshop);
  if (typeof plan === "string") return ["launcher", "bwrap-same"].map((name) => ({ name, reason: plan }));
  const bwrap = Bun.which("bwrap");
  return [
    launcher(workshop, plan),
    bwrap === null ? { name: "bwrap-same", reason: "bwrap is not installed" } : equalBwrap(workshop, plan, bwrap),
  ];
}

/** All of them; reads the plan for the default job from cupel itself, which also leaves a report that is valid. */
export function listOwnContestants(workshop: Workshop): Candidate[] {
  const { executable } = workshop;
  return [
    ...yardsticks(workshop),
    ...fromPlan(workshop),
    {
      name: "cupel-run",
      what: "cupel run, the whole process, valid report",
      runsJobs: true,
      work: (job) => ({ kind: "spawn", command: [executable, "run", "--", ...job] }),
    },
    program("cupel-version", "cupel version", [executable, "version"]),
  ];
}
