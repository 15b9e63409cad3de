/** cupel, and the yardsticks beside it. */
import { lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { bwrapCommand, type HostLook } from "./bwrap-arguments.ts";
import type { Candidate, Contestant, Entry } from "./contestant.ts";
import { readPlan, writeInstruction } from "./instruction.ts";
import { buildEmptyProgram, type Workshop } from "./workshop.ts";

/** CLONE_NEW* (linux/sched.h). */
const everyNamespaceButNetwork = 0x0002_0000 + 0x0200_0000 + 0x0400_0000 + 0x0800_0000 + 0x1000_0000 + 0x2000_0000;
const networkNamespace = 0x4000_0000;

const every = everyNamespaceButNetwork + networkNamespace;

function bareLoop(name: string, what: string, namespaces: number, hasMounts = false): Contestant {
  return { name, what, runsJobs: true, work: (command) => ({ kind: "bare", namespaces, hasMounts, command }) };
}

/** What is the same whatever job it is asked for. */
function program(name: string, what: string, command: () => readonly string[]): Contestant {
  return { name, what, runsJobs: false, work: () => ({ kind: "spawn", command: command() }) };
}

function runner(name: string, what: string, words: readonly string[]): Contestant {
  return { name, what, runsJobs: true, work: (job) => ({ kind: "spawn", command: [...words, ...job] }) };
}

function listPlain(workshop: Workshop): Contestant[] {
  const { executable } = workshop;
  return [
    runner("fork-exec", "the job alone, no sandbox: the floor", []),
    bareLoop("bare-loop", "C loop: seven namespaces, id maps, lo up", every),
    bareLoop("bare-loop-mounts", "C loop: the same, own /proc and /tmp", every, true),
    bareLoop("bare-loop-no-network", "C loop: six namespaces, id maps", everyNamespaceButNetwork),
    program("empty-program", "an empty compiled Bun program: the runtime's floor", () => [buildEmptyProgram(workshop)]),
    program("cupel-version", "cupel version", () => [executable, "version"]),
    runner("cupel-run", "cupel run, the whole process, valid report", [executable, "run", "--"]),
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
    work: (job) => ({
      kind: "launcher",
      launcher: workshop.launcher,
      instruction: writeInstruction(workshop, plan, job),
    }),
  };
}

function equalBwrapIfThere(workshop: Workshop, plan: LauncherPlan): Candidate {
  const bwrap = Bun.which("bwrap");
  return bwrap === null
    ? { name: "bwrap-same", reason: "bwrap is not installed (--install-peers)" }
    : equalBwrap(workshop, plan, bwrap);
}

/** Prepares one of the two that follow the plan for the default job. */
function fromPlan(workshop: Workshop, name: string, make: (plan: LauncherPlan) => Candidate): Entry {
  return {
    name,
    prepare: () => {
      const plan = readPlan(workshop);
      return typeof plan === "string" ? { name, reason: plan } : make(plan);
    },
  };
}

/** All of them. What asks cupel for a plan also leaves a report that is valid. */
export function listOwnEntries(workshop: Workshop): Entry[] {
  return [
    ...listPlain(workshop).map((contestant) => ({ name: contestant.name, prepare: () => contestant })),
    fromPlan(workshop, "launcher", (plan) => launcher(workshop, plan)),
    fromPlan(workshop, "bwrap-same", (plan) => equalBwrapIfThere(workshop, plan)),
  ];
}
