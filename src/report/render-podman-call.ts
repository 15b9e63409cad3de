/** How Podman is called, as a script for bash: to be read, and to be tried. */
import type { EngineEntry } from "../launch/engine-root.ts";
import type { HostPaths } from "../launch/host-paths.ts";
import { stagedInput, type MadePlan } from "../launch/maker-call.ts";
import { callPodman, type EngineCall } from "../launch/podman-call.ts";
import { makerDescriptors } from "../launch/protocol.ts";
import { comment, describeInside, descriptorComments, descriptorPurposes } from "./maker-script.ts";
import { groupWords } from "./maker-words.ts";
import { joinWords } from "./phrase.ts";
import { printableLine } from "./printable-text.ts";
import { quoteWord } from "./shell-words.ts";

/** Stands for the directory that cupel makes for a launch, and for the layer in it. */
const place = "/PLACE-OF-ENGINE";
const layer = "/COPY-OF-WORKSPACE";

/** What cupel takes are others each time, and nobody's. */
const anybody = { uid: 0x7000_0000, gid: 0x7000_0000 };

const variables = [
  [place, '"$place"'],
  [`${layer}/upper`, '"${COPY:?}"'],
] as const;

/** A word that a shell takes for itself, with what only the script knows put in. */
function quoted(word: string): string {
  const known = variables.find(([name]) => word.includes(name));
  if (known === undefined) return quoteWord(word);
  const [name, variable] = known;
  const [before = "", ...rest] = word.split(name);
  return [before, ...rest].map((part) => (part === "" ? "" : quoteWord(part))).join(variable);
}

function entryLine(entry: EngineEntry): string {
  const path = quoted(`${place}/root${entry.path}`);
  if (entry.kind === "link") return `ln -s ${quoteWord(entry.target)} ${path}`;
  if (entry.kind === "directory") return `mkdir ${path}`;
  return entry.content === "" ? `: >${path}` : `printf %s ${quoteWord(entry.content)} >${path}`;
}

/** Only once all is in them: some are closed. */
function modeLines(root: readonly EngineEntry[]): string[] {
  const closed = root.flatMap((entry) => (entry.kind === "directory" && entry.mode !== 0o755 ? [entry] : []));
  return closed.toReversed().map(({ path, mode }) => `chmod ${mode.toString(8)} ${quoted(`${place}/root${path}`)}`);
}

/** A rootless Podman leaves what holds its user namespace. */
const trapLine = `trap 'kill $(cat "$place"/tmp/pause.pid 2>/dev/null) 2>/dev/null || :; rm -rf "$place"' EXIT`;

function contentLines({ directories, files, root }: EngineCall["contents"]): string[] {
  return [
    "umask 022",
    "place=$(mktemp -d)",
    trapLine,
    'chmod 711 "$place"',
    `cd "$place" && mkdir root ${directories.join(" ")} && cd /`,
    ...Object.entries(files).map(([name, content]) => `printf %s ${quoted(content)} >${quoted(`${place}/${name}`)}`),
    ...root.map(entryLine),
    ...modeLines(root),
  ];
}

/** Called by root: the launcher shows each path where nobody else's rights are in the way. */
function stagingLines({ inputs }: EngineCall, { lookUp }: HostPaths): string[] {
  const shown = inputs.flatMap((input, index) => {
    if (!("source" in input)) return [];
    const point = stagedInput(index);
    const isDirectory = index === 0 || input.source.startsWith(layer) || lookUp(input.source) === "directory";
    return [isDirectory ? `mkdir ${point}` : `: >${point}`, `mount --rbind ${quoted(input.source)} ${point}`];
  });
  return ["mount -t tmpfs -o mode=755,size=1m none /sys", "mkdir -p /sys/fs/cgroup", ...shown];
}

/** So that what is mounted is seen by nobody else, and is gone with the script. */
const ownNamespace = 'if [ -z "${APART-}" ]; then APART=1 exec unshare --mount "$BASH" "$0"; fi';

const rootsNotes = [
  "As root, cupel maps other ids each time, shows what is granted to the job as the job's own where it belongs to root, and makes mounts below read-only ones so as well.",
];

function callLines({ path, arguments: words, environment }: EngineCall): string[] {
  const numbers = Array.from({ length: makerDescriptors.firstInput - 3 }, (_, index) => `${index + 3}</dev/null`);
  const own = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  const groups = groupWords(words.slice(0, -2));
  const lines = [
    "env -i",
    ...own,
    quoteWord(path),
    ...groups.map((group) => group.map(quoted).join(" ")),
    words.slice(-2).map(quoted).join(" "),
    numbers.join(" "),
  ];
  return [lines.map((line) => printableLine(line, true)).join(" \\\n  ")];
}

function describeOutside({ controlGroup }: MadePlan): string {
  const isCapped = Object.values(controlGroup).some((value) => value !== undefined);
  return joinWords([
    "opens what is granted",
    "starts a keeper, which ends whatever this starts",
    ...(isCapped ? ["has the container's first process put into the job's control groups"] : []),
  ]);
}

/** The script. Pure but for `paths`. @throws CupelError `set-up` where the plan asks for what Podman cannot do. */
export function renderPodmanCall(plan: MadePlan<"podman">, paths: HostPaths): string {
  const call = callPodman(plan, paths, { place, layer, outside: anybody });
  const isRoots = plan.outside === "fresh";
  const copied = plan.root.find((step) => step.step === "copy");
  const given = plan.root.flatMap((step) => (step.step === "given" ? [step.destination] : []));
  const lines = [
    "#!/bin/bash",
    ...comment(
      "The call of podman, written out, with the directory that cupel makes for it, and removes with the job.",
    ),
    ...comment(`Before it, the launcher ${describeOutside(plan)}.`),
    ...comment(
      `The last words start the launcher again, as the container's first process, which ${describeInside(plan)}.`,
    ),
    ...(given.length === 0
      ? []
      : comment(`It writes ${given.map(quoteWord).join(", ")}, whose content is never shown.`)),
    ...(copied === undefined
      ? []
      : comment(`COPY names a copy of ${quoteWord(copied.source)}, which cupel makes for the job.`)),
    ...(isRoots ? rootsNotes.flatMap((note) => comment(note)) : []),
    ...comment("To try the container alone: put a program of your own in the place of the last words."),
    "#",
    ...comment("Descriptors, which are nothing here:"),
    ...descriptorComments(descriptorPurposes),
    "set -e",
    ...(isRoots ? [ownNamespace] : []),
    ...contentLines(call.contents).map((line) => printableLine(line, true)),
    ...(isRoots ? stagingLines(call, paths).map((line) => printableLine(line, true)) : []),
    ...callLines(call),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
