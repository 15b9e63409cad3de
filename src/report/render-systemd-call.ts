/** How systemd-run is called, as a script for bash: to be read, and to be tried. */
import type { HostPaths } from "../launch/host-paths.ts";
import type { MadePlan } from "../launch/maker-call.ts";
import { callSystemd, type SystemdCall } from "../launch/systemd-call.ts";
import { systemdEnvironment } from "../launch/systemd-environment.ts";
import { anybody, commandOf, contentLines, introduction, layer, place, quoted, wordsOf } from "./engine-script.ts";
import { comment } from "./maker-script.ts";
import { groupWords } from "./maker-words.ts";

/** Whose job it is, and what tells where that user's manager is. */
export interface UnitOwner {
  readonly uid: number;
  readonly gid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const what =
  "The call of systemd-run, written out, with the directory that cupel makes for it, and removes with the job.";

const launcherNote = "The root that cupel makes has the launcher in it; the one that is made here has not.";

const insideNote =
  "What systemd has no property for the launcher makes inside: the host's name, the root of control groups, terminals of the job's own, and nodev on what is granted.";

const rootsNotes = [
  "As root, cupel takes other ids each time, and the launcher inside becomes that user first of all. Before that, the keeper enters the unit's mount namespace, shows what is granted to the job as the job's own where it belongs to root, and makes all mounts nosuid and, but for /dev, nodev.",
];

const noDescriptors =
  "Descriptors: standard input is a socket, which is nothing here, and through which the unit's first process is given all that it is to have: what it is to do, the job's streams, and where it says what becomes of the job.";

function callLine({ path, arguments: words, environment }: SystemdCall): string {
  const own = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return commandOf([
    "env -i",
    ...own,
    quoted(path),
    ...groupWords(words.slice(0, -2)).map((group) => group.map(quoted).join(" ")),
    words.slice(-2).map(quoted).join(" "),
    "</dev/null",
  ]);
}

/** The script. Pure but for `paths`. @throws CupelError `set-up` where the plan asks for what systemd cannot do. */
export function renderSystemdCall(plan: MadePlan<"systemd-run">, paths: HostPaths, owner: UnitOwner): string {
  const isRoots = plan.outside === "fresh";
  const outside = isRoots ? anybody : { uid: owner.uid, gid: owner.gid };
  const environment = systemdEnvironment(plan.maker.manager, owner);
  const call = callSystemd(plan, paths, { place, layer, outside, environment, program: new Uint8Array() });
  const lines = [
    ...introduction(plan, what, [launcherNote, insideNote, ...(isRoots ? rootsNotes : [])]),
    ...comment(noDescriptors),
    "set -e",
    ...contentLines({ ...call.contents, root: wordsOf(call.contents.root) }, [`trap 'rm -rf "$place"' EXIT`]),
    callLine(call),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
