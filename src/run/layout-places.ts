/** Where in a job's root written files and private directories can be: where nothing of the host's would have to be changed. */
import { lstatSync } from "node:fs";
import { CupelError } from "../model/error.ts";
import { isWithin, type Job } from "../model/job.ts";
import { emptyWorkspace, jobHome } from "../strategies/_sandbox-root.ts";
import { secretDirectory } from "../strategies/_secrets.ts";
import { configurationPaths, systemPaths } from "../strategies/_system-paths.ts";
import { kernelDirectories } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { directoriesMax } from "./layout-words.ts";
import { realPath } from "./real-path.ts";

interface Place {
  readonly path: string;
  readonly stated: string;
  readonly kind: "file" | "directory";
}

interface Surrounding {
  /** What of the host's is shown: nothing can be made there. */
  readonly ofHost: readonly string[];
  /** Directories that every job has. */
  readonly own: readonly string[];
  readonly places: readonly Place[];
}

function refuse({ stated, path }: Place, problem: string): CupelError {
  return new CupelError("usage", `${stated} ${path} ${problem}`);
}

function isPlainDirectory(path: string): boolean {
  return realPath(path) === path && lstatSync(path).isDirectory();
}

/** @throws CupelError `usage` for one that lies in what is shown of the host, and is no directory there to be covered. */
function checkHost(place: Place, ofHost: readonly string[]): void {
  const { path, kind } = place;
  const around = ofHost.find((shown) => isWithin(path, shown));
  if (around === undefined || (kind === "file" && configurationPaths.includes(path))) return;
  if (kind === "directory" && isPlainDirectory(path)) return;
  throw refuse(
    place,
    kind === "file"
      ? `lies in ${around}, which is the host's, and would have to be made there; take a path outside of what is shown of the host`
      : `lies in ${around}, which is the host's, and is no directory there; make it, or take a path outside of what is shown of the host`,
  );
}

/** What cupel puts into each job's root: secrets, accounts and names. */
const takenPaths = [secretDirectory, "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/hostname"];

/** @throws CupelError `usage` for one that is something else of the job's, or would cover it. */
function checkOwn(place: Place, { ofHost, own, places }: Surrounding): void {
  const { path, kind } = place;
  const kernel = kernelDirectories.find((directory) => isWithin(path, directory));
  if (kernel !== undefined) throw refuse(place, `lies under ${kernel}, of which every job has its own; leave it out`);
  const taken = takenPaths.find((one) => isWithin(path, one));
  if (taken !== undefined && !(kind === "file" && taken !== secretDirectory))
    throw refuse(place, `lies in ${taken}, which is cupel's own in every job; take another path`);
  const covered = own.find((directory) => isWithin(directory, path));
  if (covered !== undefined) throw refuse(place, `would cover ${covered}, which every job has; take another path`);
  const inFile = places.find((other) => other !== place && other.kind === "file" && isWithin(path, other.path));
  if (inFile !== undefined) throw refuse(place, `lies in ${inFile.path}, which is a file; take another path`);
  const others =
    kind === "file" ? [...ofHost, ...places.flatMap((other) => (other === place ? [] : [other.path]))] : [];
  const inside = others.find((other) => isWithin(other, path));
  if (inside !== undefined && inside !== path)
    throw refuse(place, `is where ${inside} lies, and cannot be a file; take another path`);
  const isTwice = places.some((other) => other !== place && other.path === path) || isGrantItself(place, ofHost);
  if (isTwice) throw refuse(place, "is given as something else, too; leave one of them out");
}

function isGrantItself({ path, kind }: Place, ofHost: readonly string[]): boolean {
  return kind === "directory" && ofHost.includes(path);
}

/** @throws CupelError `usage` for a place where a file or a directory cannot be, or for too many directories. */
export function checkPlaces(job: Job, request: JobRequest, hasOtherRoot: boolean): void {
  const { files, directories } = job.layout;
  const places = [
    ...files.map(({ path }): Place => ({ path, stated: statedAs(request, "file", path), kind: "file" })),
    ...directories.map(({ path }): Place => ({ path, stated: statedAs(request, "tmpfs"), kind: "directory" })),
  ];
  if (directories.length > directoriesMax)
    throw new CupelError("usage", `--tmpfs: ${directories.length} are asked for, and at most ${directoriesMax} can be`);
  const { workspace, grants } = job;
  const workspacePath = workspace.mode === "empty" ? emptyWorkspace : workspace.path;
  const granted = [...(workspace.mode === "empty" ? [] : [workspace.path]), ...grants.map(({ path }) => path)];
  const ofHost = [...granted, ...(hasOtherRoot ? [] : [...systemPaths, ...configurationPaths])];
  const own = ["/tmp", "/run", "/etc", "/var", jobHome(job), workspacePath];
  for (const place of places) {
    checkOwn(place, { ofHost, own, places });
    checkHost(place, ofHost);
  }
}
