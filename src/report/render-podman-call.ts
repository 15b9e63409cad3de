/** How Podman is called, as a script for bash: to be read, and to be tried. */
import type { HostPaths } from "../launch/host-paths.ts";
import { stagedInput, type MadePlan } from "../launch/maker-call.ts";
import { callPodman, type EngineCall } from "../launch/podman-call.ts";
import { makerDescriptors } from "../launch/protocol.ts";
import { anybody, commandOf, contentLines, introduction, layer, place, quoted } from "./engine-script.ts";
import { comment, descriptorComments, descriptorPurposes } from "./maker-script.ts";
import { groupWords } from "./maker-words.ts";
import { printableLine } from "./printable-text.ts";
import { quoteWord } from "./shell-words.ts";

const what = "The call of podman, written out, with the directory that cupel makes for it, and removes with the job.";

/** A rootless Podman leaves what holds its user namespace. */
const trapLine = `trap 'kill $(cat "$place"/tmp/pause.pid 2>/dev/null) 2>/dev/null || :; rm -rf "$place"' EXIT`;

/** Called by root: the launcher shows each path where nobody else's rights are in the way. */
function stagingLines({ inputs }: EngineCall, { lookUp }: HostPaths): string[] {
  const shown = inputs.flatMap((input, index) => {
    if (!("source" in input)) return [];
    const point = stagedInput(index);
    const isDirectory = index === 0 || input.source.startsWith(layer) || lookUp(input.source) === "directory";
    return [isDirectory ? `mkdir ${point}` : `: >${point}`, `mount --rbind ${quoted(input.source)} ${point}`];
  });
  const lines = ["mount -t tmpfs -o mode=755,size=1m none /sys", "mkdir -p /sys/fs/cgroup", ...shown];
  return lines.map((line) => printableLine(line, true));
}

/** So that what is mounted is seen by nobody else, and is gone with the script. */
const ownNamespace = 'if [ -z "${APART-}" ]; then APART=1 exec unshare --mount "$BASH" "$0"; fi';

const rootsNotes = [
  "As root, cupel maps other ids each time, shows what is granted to the job as the job's own where it belongs to root, and makes mounts below read-only ones so as well.",
];

function callLine({ path, arguments: words, environment }: EngineCall): string {
  const numbers = Array.from({ length: makerDescriptors.firstInput - 3 }, (_, index) => `${index + 3}</dev/null`);
  const own = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return commandOf([
    "env -i",
    ...own,
    quoteWord(path),
    ...groupWords(words.slice(0, -2)).map((group) => group.map(quoted).join(" ")),
    words.slice(-2).map(quoted).join(" "),
    numbers.join(" "),
  ]);
}

/** The script. Pure but for `paths`. @throws CupelError `set-up` where the plan asks for what Podman cannot do. */
export function renderPodmanCall(plan: MadePlan<"podman">, paths: HostPaths): string {
  const call = callPodman(plan, paths, { place, layer, outside: anybody });
  const isRoots = plan.outside === "fresh";
  const lines = [
    ...introduction(plan, what, isRoots ? rootsNotes : []),
    ...comment("Descriptors, which are nothing here:"),
    ...descriptorComments(descriptorPurposes),
    "set -e",
    ...(isRoots ? [ownNamespace] : []),
    ...contentLines(call.contents, [trapLine]),
    ...(isRoots ? stagingLines(call, paths) : []),
    callLine(call),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
