/** What lies in cupel's state directories, told apart by name: what is cupel's own, and what is not known. Pure. */
import { mountPoints } from "../launch/container-root.ts";
import type { HelperName } from "../launch/helper-file.ts";
import { makerFrom } from "./gone-maker.ts";
import { ownPlace, type Maker } from "./maker.ts";
import { idPattern, makingPattern, unpackingPattern } from "./run-id.ts";

/** What a name stands for. */
export interface KnownEntry {
  /** For people. */
  readonly what: string;
  /** A tree is removed with all that is in it, as is a layer, which a job made; a folder keeps what is not known in it. */
  readonly kind: "file" | "tree" | "folder" | "layer" | "socket";
  /** Of what was being written, or is listened on: the process that does. */
  readonly writer?: Maker | undefined;
}

const helperWords: Readonly<Record<HelperName, string>> = {
  launcher: "the launcher",
  prober: "the prober",
  courier: "the courier",
  attacker: "the attacker",
  victim: "the victim of attacks",
  bwrap: "what stands in for bwrap",
};

const helperCopy = `(?:${Object.keys(helperWords).join("|")})-[0-9a-f]{16}`;

const leftover = new RegExp(
  `^(?:(?:report|verdict|verification|start-costs|trusted-[0-9a-f]{16})\\.json\\.|${helperCopy}\\.|prober\\.|trial-.+-)(\\d+)$`,
);

/** What is there for a moment is named by the process alone. */
function hereWith(pid: string): Maker {
  return { pid: Number(pid), place: ownPlace() };
}

function leftoverOf(name: string): KnownEntry | undefined {
  const pid = leftover.exec(name)?.[1];
  return pid === undefined ? undefined : { what: "half written", kind: "file", writer: hereWith(pid) };
}

/** See start-proxy.ts: it is there until the launcher holds it, or where cupel was killed before that. */
const proxySocket = /^proxy-(\d+)-[0-9a-f]{8}$/;

function proxySocketOf(name: string): KnownEntry | undefined {
  const pid = proxySocket.exec(name)?.[1];
  return pid === undefined ? undefined : { what: "a proxy's socket", kind: "socket", writer: hereWith(pid) };
}

/** In a state directory: see saved-report.ts, project-trust.ts, helper-file.ts and run-trial.ts. */
const stateNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [/^report\.json$/, { what: "the saved report", kind: "file" }],
  [/^verdict\.json$/, { what: "the saved verdict", kind: "file" }],
  [/^verification\.json$/, { what: "what was verified", kind: "file" }],
  [/^start-costs\.json$/, { what: "what starts were measured to cost", kind: "file" }],
  [/^trusted-[0-9a-f]{16}\.json$/, { what: "a project that you trust", kind: "file" }],
  ...Object.entries(helperWords).map(([name, words]): [RegExp, KnownEntry] => [
    new RegExp(`^${name}-[0-9a-f]{16}$`),
    { what: `a copy of ${words}`, kind: "file" },
  ]),
  [/^layers$/, { what: "what jobs changed", kind: "folder" }],
  [/^runs$/, { what: "records of runs", kind: "folder" }],
  [/^root$/, { what: "the root for containers", kind: "folder" }],
  [/^images$/, { what: "unpacked images", kind: "folder" }],
  [/^engines$/, { what: "the engines' places", kind: "folder" }],
];

/** In its `root`: engines may have made files below the mount points (see container-root.ts). */
const rootNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [/^prober$/, { what: "a copy of the prober", kind: "file" }],
  [new RegExp(`^(?:${mountPoints.join("|")})$`), { what: "a mount point for containers", kind: "tree" }],
];

/** In its `engines`: one directory for each engine, named by its probe. */
const engineNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [/^[a-z][a-z0-9-]*$/, { what: "an engine's place", kind: "tree" }],
];

/** In its `layers`: see open-layer.ts and kept-layers.ts. */
const layerNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [idPattern, { what: "what a job changed, not applied yet", kind: "layer" }],
];

/** In its `runs`: see record-run.ts. */
const runNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [idPattern, { what: "the record of a run", kind: "tree" }],
];

/** What a cupel that was killed has left, if none is at work on it. */
const unfinished = {
  layers: { what: "a layer that a cupel which was killed left", kind: "layer" },
  runs: { what: "a record that a cupel which was killed left", kind: "tree" },
} as const;

function unfinishedOf(folder: keyof typeof unfinished, name: string): KnownEntry | undefined {
  const made = makingPattern.exec(name);
  return made === null ? undefined : { ...unfinished[folder], writer: makerFrom(made) };
}

/** In its `images`: see unpack-image.ts. */
const imageNames: readonly (readonly [RegExp, KnownEntry])[] = [
  [/^[0-9a-f]{64}$/, { what: "an unpacked image", kind: "layer" }],
];

function unpackingImage(name: string): KnownEntry | undefined {
  const made = unpackingPattern.exec(name);
  return made === null ? undefined : { what: "half unpacked", kind: "layer", writer: makerFrom(made) };
}

/** Where a name was found. */
export type Folder = "state" | "root" | "engines" | "layers" | "runs" | "images";

const names: Readonly<Record<Folder, typeof stateNames>> = {
  state: stateNames,
  root: rootNames,
  engines: engineNames,
  layers: layerNames,
  runs: runNames,
  images: imageNames,
};

/** What a name in a folder is; undefined for what is not cupel's. */
export function knownEntry(folder: Folder, name: string): KnownEntry | undefined {
  const known = names[folder].find(([pattern]) => pattern.test(name))?.[1];
  if (known !== undefined || folder === "engines") return known;
  if (folder === "layers" || folder === "runs") return unfinishedOf(folder, name);
  if (folder === "images") return unpackingImage(name);
  return leftoverOf(name) ?? (folder === "state" ? proxySocketOf(name) : undefined);
}
