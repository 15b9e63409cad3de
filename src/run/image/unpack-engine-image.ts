/** An image of a container engine on this machine as a directory: exported by its client, and unpacked once, by its id. */
import type { ProgramResult } from "../../host/host.ts";
import { isThere } from "../../host/is-there.ts";
import { streamProgram } from "../../host/run-program.ts";
import { CupelError } from "../../model/error.ts";
import { complaint, endedWell, findProgram } from "../../probes/_program.ts";
import type { JobSurroundings } from "../job-paths.ts";
import { ByteReader } from "./byte-reader.ts";
import { DockerArchive } from "./docker-archive.ts";
import type { EngineImage, EngineName } from "./engine-image.ts";
import { imageArchitecture, imageCaps, storeImage } from "./image-store.ts";
import { LayerTree } from "./layer-tree.ts";
import { OciLayout } from "./oci-layout.ts";
import { readTarEntries } from "./tar-entries.ts";
import { unpackLayers, type ImageLayers } from "./unpack-layers.ts";

/** How long an engine may take. */
export interface EngineDeadlines {
  /** To say what it knows of an image. */
  readonly askMs: number;
  /** To write all of it. */
  readonly saveMs: number;
}

const usualDeadlines: EngineDeadlines = { askMs: 10_000, saveMs: 10 * 60_000 };

/** Both write an archive to standard output that is no terminal (podman-save(1), docker image save). */
const saveWords: Readonly<Record<EngineName, readonly string[]>> = {
  podman: ["save", "--quiet", "--format", "oci-archive"],
  docker: ["save"],
};

/** A client, and the image that is asked for. */
interface Client extends EngineImage {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly deadlines: EngineDeadlines;
  readonly refuse: (problem: string) => CupelError;
}

function findClient(
  wanted: EngineImage,
  stated: string,
  host: JobSurroundings["host"],
  deadlines: EngineDeadlines,
): Client {
  const { engine, image } = wanted;
  const refuse = (problem: string): CupelError =>
    new CupelError("usage", `${stated} image:${engine}:${image}: ${problem}`);
  if (!/^[0-9A-Za-z][0-9A-Za-z./:@_-]*$/.test(image))
    throw refuse(`that is no name of an image; write one that ${engine} knows, such as alpine:3.20`);
  const { path } = findProgram(host, engine);
  if (path === undefined) throw refuse(`there is no ${engine} in PATH; install it, or give image:DIRECTORY`);
  const variables = Object.entries(host.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...wanted, path, environment: { ...Object.fromEntries(variables), LC_ALL: "C" }, deadlines, refuse };
}

function failureOf({ engine, image, refuse }: Client, result: ProgramResult, deadlineMs: number): CupelError {
  if (result.status === "timeout") return refuse(`${engine} did not answer within ${deadlineMs / 1000} s`);
  const said = complaint(result);
  if (/no such image|image not known/i.test(said))
    return refuse(`${engine} has no such image here; get it first: ${engine} pull ${image}`);
  return refuse(`${engine} does not give it: ${said}`);
}

/** Its id, 64 hexadecimal digits. @throws CupelError `usage`. */
async function askId(client: Client, { host }: Pick<JobSurroundings, "host">): Promise<string> {
  const { path, environment, image, engine, deadlines } = client;
  const words = ["image", "inspect", "--format", "{{.Id}} {{.Os}}/{{.Architecture}}", image];
  const result = await host.run(path, words, { deadlineMs: deadlines.askMs, environment });
  if (!endedWell(result)) throw failureOf(client, result, deadlines.askMs);
  const [, id, platform] = /^(?:sha256:)?([0-9a-f]{64}) (\S+)$/m.exec(result.stdout) ?? [];
  if (id === undefined) throw client.refuse(`${engine} does not say what it is`);
  const own = `linux/${imageArchitecture(host)}`;
  if (platform !== own) throw client.refuse(`it is for ${platform}, and this machine is ${own}`);
  return id;
}

/** Unpacks what the client writes into `directory`. @throws CupelError `usage`, ImageFault. */
async function exportImage(client: Client, id: string, directory: string): Promise<void> {
  const { path, environment, engine, deadlines } = client;
  const tree = new LayerTree(directory, imageCaps);
  const options = { deadlineMs: deadlines.saveMs, environment };
  try {
    const result = await streamProgram(path, [...saveWords[engine], id], options, (output) =>
      tree.add(readTarEntries(new ByteReader(output, imageCaps.bytesMax))),
    );
    if (!endedWell(result)) throw failureOf(client, result, deadlines.saveMs);
  } finally {
    tree.close();
  }
}

function openExported(directory: string, id: string, host: JobSurroundings["host"]): ImageLayers {
  const isLayout = isThere(`${directory}/oci-layout`);
  return isLayout ? new OciLayout(directory, imageArchitecture(host)) : new DockerArchive(directory, id);
}

/**
 * The directory that it is unpacked in.
 * @throws CupelError `usage` for an engine that is not there or does not answer, an image that it has not, or what
 * storeImage refuses.
 */
export async function unpackEngineImage(
  wanted: EngineImage,
  stated: string,
  surroundings: Pick<JobSurroundings, "host" | "stateDirectories">,
  deadlines: EngineDeadlines = usualDeadlines,
): Promise<string> {
  const { host } = surroundings;
  const client = findClient(wanted, stated, host, deadlines);
  const id = await askId(client, surroundings);
  return storeImage({ shown: `${wanted.engine}:${wanted.image}`, stated }, surroundings, {
    name: () => id,
    fill: async (root, make) => {
      const exported = make();
      await exportImage(client, id, exported);
      await unpackLayers(openExported(exported, id, host), root, imageCaps);
    },
  });
}
