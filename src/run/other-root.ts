/** A root that is not made of the host's programs: a directory, or an image unpacked into one. */
import { lstatSync, readdirSync, readlinkSync, type Dirent } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { ancestorsOf } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Job } from "../model/job.ts";
import type { OtherRoot, RootEntry } from "../model/layout.ts";
import { placesInRoot } from "../strategies/_sandbox-root.ts";
import { parseEngineImage } from "./image/engine-image.ts";
import { canonical, canonicalPlace, refuseUnfit, type JobSurroundings } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { kernelMountsWithin } from "./kernel-mounts.ts";

/** Each takes a step of the launcher's, of which there are 1,024. */
const entriesMax = 700;

function unknownRoot(root: string, stated: string): CupelError {
  return new CupelError(
    "usage",
    `${stated} ${JSON.stringify(root)} is no root; write host, dir:PATH for a directory, image:PATH for an unpacked OCI image, or image:podman:NAME or image:docker:NAME for one of an engine's`,
  );
}

/** The directory, canonical; undefined for the host's own programs. @throws CupelError `usage`, `refused`. */
export async function openRoot(request: JobRequest, surroundings: JobSurroundings): Promise<string | undefined> {
  const { root = "host" } = request;
  const stated = statedAs(request, "root");
  if (root === "host") return undefined;
  const { host, stateDirectories } = surroundings;
  const [, kind, name] = /^(dir|image):(.+)$/s.exec(root) ?? [];
  if (kind === undefined || name === undefined) throw unknownRoot(root, stated);
  const ofEngine = kind === "image" ? parseEngineImage(name) : undefined;
  if (ofEngine !== undefined)
    return (await import("./image/unpack-engine-image.ts")).unpackEngineImage(ofEngine, stated, surroundings);
  const path = canonical(name, `${stated} ${kind}:`.trimEnd(), host.directory);
  if (path === "/") throw new CupelError("usage", `${stated} dir:/ is the host's own root; leave it out`);
  refuseUnfit(path, stated, stateDirectories.map(canonicalPlace));
  if (!lstatSync(path).isDirectory())
    throw new CupelError("usage", `${stated} ${root} is not a directory; name one, such as an unpacked archive`);
  if (kind === "dir") return path;
  const { unpackImage } = await import("./image/unpack-image.ts");
  return unpackImage(path, stated, surroundings);
}

class RootReader {
  readonly #source: string;
  readonly #places: ReadonlySet<string>;
  /** Directories that hold such a place: cupel makes them, and shows what else is in them. */
  readonly #opened: ReadonlySet<string>;
  readonly entries: RootEntry[] = [];

  constructor(source: string, places: readonly string[]) {
    this.#source = source;
    this.#places = new Set(places);
    this.#opened = new Set(places.flatMap(ancestorsOf));
  }

  read(directory: string): void {
    for (const entry of this.#list(directory)) {
      const path = `${directory}/${entry.name}`;
      if (entry.name.includes("\uFFFD")) throw this.#refuse(path, "has a name that is not valid UTF-8; rename it");
      if (this.#places.has(path)) continue;
      this.#add(path, entry);
      if (this.entries.length > entriesMax)
        throw this.#refuse(directory || "/", `has too many entries beside what the job has of its own`);
    }
  }

  #add(path: string, entry: Dirent): void {
    const isOpened = this.#opened.has(path);
    if (entry.isDirectory()) {
      this.entries.push({ kind: isOpened ? "directory" : "shown", path });
      if (isOpened) this.read(path);
    } else if (isOpened) {
      const place = [...this.#places].find((one) => isWithin(one, path)) ?? "";
      throw this.#refuse(path, `is no directory, and ${place} of the job's would lie in it; choose another root`);
    } else if (entry.isSymbolicLink()) {
      this.entries.push({ kind: "link", path, target: readlinkSync(`${this.#source}${path}`) });
    } else if (entry.isFile()) {
      this.entries.push({ kind: "shown", path });
    }
  }

  #list(directory: string): Dirent[] {
    try {
      return readdirSync(`${this.#source}${directory}`, { withFileTypes: true });
    } catch (error) {
      throw this.#refuse(directory || "/", `cannot be listed (${errnoOf(error)})`);
    }
  }

  #refuse(path: string, problem: string): CupelError {
    return new CupelError("usage", `The root ${this.#source}: ${path} ${problem}`);
  }
}

/** What is mounted in a chroot that is in use, and cupel's own state, as the job would see them. */
function hiddenIn({ source, entries }: OtherRoot, { host, stateDirectories }: JobSurroundings): string[] {
  const states = stateDirectories.map(canonicalPlace).filter((path) => path !== source && isWithin(path, source));
  const places = [...states, ...kernelMountsWithin([{ path: source, access: "read" }], host)];
  const seen = places.map((path) => path.slice(source.length));
  return seen.filter((path) => entries.some((entry) => entry.kind === "shown" && isWithin(path, entry.path)));
}

/** What of it is shown, beside all that the job has of its own, and what of that is hidden. @throws CupelError `usage`. */
export function readRoot(
  source: string,
  job: Job,
  surroundings: JobSurroundings,
): { readonly root: OtherRoot; readonly hidden: readonly string[] } {
  const empty = { source, entries: [] };
  const reader = new RootReader(source, placesInRoot({ ...job, layout: { ...job.layout, root: empty } }));
  reader.read("");
  const root = { source, entries: reader.entries };
  return { root, hidden: hiddenIn(root, surroundings) };
}
