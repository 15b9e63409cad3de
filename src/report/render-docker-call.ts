/** How Docker is called, as a script for bash: to be read, and to be tried. */
import { callDocker, type DockerCall } from "../launch/docker-call.ts";
import { dockerEnvironment } from "../launch/docker-environment.ts";
import type { EngineEntry } from "../launch/engine-root.ts";
import type { HostPaths } from "../launch/host-paths.ts";
import type { ArchiveEntry } from "../launch/image-archive.ts";
import type { FurtherCall, MadePlan } from "../launch/maker-call.ts";
import { anybody, commandOf, contentLines, introduction, layer, place, quoted, wordsOf } from "./engine-script.ts";
import { comment } from "./maker-script.ts";
import { groupWords } from "./maker-words.ts";
import { printableLine } from "./printable-text.ts";

/** Whose job it is, and what tells Docker's client where its daemon is. */
export interface DockerCaller {
  readonly uid: number;
  readonly gid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const what =
  "The calls of docker, written out, with the directory and the image that cupel makes for them, and removes with the job.";

const imageNote = "The image that cupel makes has the launcher in it; the one that is made here has not.";

const rootsNotes = [
  "As root, cupel takes other ids each time. Before anything runs in the container, the keeper enters its mount namespace, shows what is granted to the job as the job's own where it belongs to root, and makes all mounts nosuid and, but for /dev, nodev.",
];

const noDescriptors =
  "Descriptors: the container inherits none from here. The keeper opens a socket in the directory gate, which the container's first process comes to, and through which it is given all that it is to have: what it is to do, the job's streams, and where it says what becomes of the job.";

function line(words: readonly string[]): string {
  return `docker ${words.map(quoted).join(" ")}`;
}

/** So that it is called everywhere as cupel calls it. */
function clientLines({ path, environment }: DockerCall): string[] {
  const own = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return ["docker() {", `  ${printableLine(["env -i", ...own, quoted(path), '"$@"'].join(" "), true)}`, "}"];
}

function furtherLines({ furtherCalls }: DockerCall, ...times: readonly FurtherCall["time"][]): string[] {
  return furtherCalls.filter(({ time }) => times.includes(time)).map(({ arguments: words }) => line(words));
}

/** With or without a container: after the script's own end nobody knows. */
function removalLines(call: DockerCall): string[] {
  const removal = [...furtherLines(call, "afterLoss", "after"), 'rm -rf "$place"'];
  return ["remove() {", ...removal.map((each) => `  ${each}`), "}", "trap 'remove >/dev/null 2>&1 || :' EXIT"];
}

function runLine({ arguments: words }: DockerCall): string {
  const [image = "", ...own] = words.slice(-3);
  return commandOf([
    ...groupWords(["docker", ...words.slice(0, -3)]).map((group) => group.map(quoted).join(" ")),
    quoted(image),
    own.map(quoted).join(" "),
  ]);
}

const tar = 'tar -C "$place"/root --owner=0 --group=0';

/** Docker takes no path twice. */
function archiveLines(root: readonly ArchiveEntry[]): string[] {
  const closed = root.flatMap((entry) => (entry.kind === "directory" && entry.mode === 0 ? [`.${entry.path}`] : []));
  const excluded = closed.map((path) => ` --exclude=${quoted(path)}`).join("");
  return [
    `${tar}${excluded} -cf "$place"/image.tar .`,
    ...closed.map((path) => `${tar} --no-recursion --mode=0 -rf "$place"/image.tar ${quoted(path)}`),
  ];
}

/** What nobody may enter tar could not either, called by anybody but root: it is closed in the archive alone. */
function opened(root: readonly ArchiveEntry[]): EngineEntry[] {
  return wordsOf(root).map((entry) =>
    entry.kind === "directory" && entry.mode === 0 ? { ...entry, mode: 0o755 } : entry,
  );
}

/** The script. Pure but for `paths`. @throws CupelError `set-up` where the plan asks for what Docker cannot do. */
export function renderDockerCall(plan: MadePlan<"docker">, paths: HostPaths, caller: DockerCaller): string {
  const isRoots = plan.outside === "fresh";
  const outside = isRoots ? anybody : { uid: caller.uid, gid: caller.gid };
  const environment = dockerEnvironment(caller.environment);
  const call = callDocker(plan, paths, { place, layer, outside, environment, program: new Uint8Array() });
  const { directories, files } = call.contents;
  const lines = [
    ...introduction(plan, what, [imageNote, ...(isRoots ? rootsNotes : [])]),
    ...comment(noDescriptors),
    "set -e",
    ...clientLines(call),
    ...contentLines({ directories: ["root", ...directories], files, root: opened(call.image) }, removalLines(call)),
    ...archiveLines(call.image),
    ...furtherLines(call, "before").map((each) => `${each} >/dev/null`),
    runLine(call),
  ];
  return lines.map((each) => `${each}\n`).join("");
}
