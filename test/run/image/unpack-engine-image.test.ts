import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { Host } from "../../../src/host/host.ts";
import { createRealHost } from "../../../src/host/real-host.ts";
import { CupelError } from "../../../src/model/error.ts";
import { unpackEngineImage } from "../../../src/run/image/unpack-engine-image.ts";
import { layerOf, ownArchitecture, writeLayout } from "../../support/oci-image.ts";
import { needsPrograms } from "../../support/must-work.ts";
import { makeTempDir, type TempDir } from "../../support/temp-dir.ts";
import { readTree } from "../../support/tree.ts";

const id = "0123456789abcdef".repeat(4);
const deadlines = { askMs: 5000, saveMs: 5000 };
const real = createRealHost();

/** A client that says `inspected` of an image, and saves it by this script. */
function hostWith(directory: TempDir, inspected: string, save: string): Host {
  const script = `#!/bin/sh\ncase $1 in image) ${inspected};; save) ${save};; esac\n`;
  const path = directory.file("podman", script, 0o755);
  return { ...real, directory: "/", findPrograms: () => [path] };
}

async function unpack(directory: TempDir, host: Host, parts: Partial<typeof deadlines> = {}, image = "made:1") {
  const state = directory.folder("state", 0o700);
  const wanted = { engine: "podman", image } as const;
  const surroundings = { host, stateDirectories: [state] };
  try {
    return await unpackEngineImage(wanted, "--root", surroundings, { ...deadlines, ...parts });
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "usage") throw error;
    return error.message.replace("--root image:podman:made:1: ", "");
  }
}

const says = `echo ${id} linux/${ownArchitecture}`;

describe("unpackEngineImage", () => {
  test("has it exported once, by its id, and nothing else stays", async () => {
    using directory = makeTempDir();
    writeLayout({ file: (name, content) => directory.file(`image/${name}`, content) }, [layerOf([{ name: "a" }])]);
    const host = hostWith(
      directory,
      says,
      `echo "$@" >>${directory.at("calls")}; tar -c -C ${directory.at("image")} .`,
    );
    const path = await unpack(directory, host);
    expect([path, readTree(path).map((line) => line.replace(/ .*/, ""))]).toEqual([
      directory.at(`state/images/${id}`),
      ["a"],
    ]);
    expect(await unpack(directory, host)).toBe(path);
    expect(await Bun.file(directory.at("calls")).text()).toBe(`save --quiet --format oci-archive ${id}\n`);
    expect(readdirSync(directory.at("state/images"))).toEqual([id]);
  });

  test.each([
    [
      "echo 'Error: inspecting object: made:1: image not known' >&2; exit 125",
      "",
      "podman has no such image here; get it first: podman pull made:1",
    ],
    ["echo 'cannot connect' >&2; exit 1", "", "podman does not give it: cannot connect"],
    ["echo nonsense", "", "podman does not say what it is"],
    [`echo ${id} linux/s390x`, "", `it is for linux/s390x, and this machine is linux/${ownArchitecture}`],
    [says, "head -c 700 /dev/zero; echo 'lost it' >&2; exit 3", "podman does not give it: lost it"],
    [says, "cat /dev/zero | tr '\\0' x", "a layer is no tar archive"],
    [says, "head -c 700 /dev/zero", "manifest.json cannot be read (ENOENT)"],
  ])("a client that does %j and %j is refused", async (inspected, save, message) => {
    using directory = makeTempDir();
    expect(await unpack(directory, hostWith(directory, inspected, save))).toBe(message);
    expect(readTree(directory.at("state")).filter((line) => !line.startsWith("images "))).toEqual([]);
  });

  test("one that hangs is ended", async () => {
    using directory = makeTempDir();
    const hang = "sleep 60";
    expect(await unpack(directory, hostWith(directory, hang, ""), { askMs: 100 })).toBe(
      "podman did not answer within 0.1 s",
    );
    expect(await unpack(directory, hostWith(directory, says, hang), { saveMs: 100 })).toBe(
      "podman did not answer within 0.1 s",
    );
  });

  test("one that is not there, and what is no name, is refused", async () => {
    using directory = makeTempDir();
    expect(await unpack(directory, { ...real, findPrograms: () => [] })).toBe(
      "there is no podman in PATH; install it, or give image:DIRECTORY",
    );
    expect(await unpack(directory, real, {}, "--help")).toBe(
      "--root image:podman:--help: that is no name of an image; write one that podman knows, such as alpine:3.20",
    );
  });

  needsPrograms("docker")("a daemon that never answers is given up", async () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    await using _server = createServer((socket) => void socket.resume()).listen(directory.at("socket"));
    const environment = { ...real.environment, DOCKER_HOST: `unix://${directory.at("socket")}` };
    const surroundings = { host: { ...real, directory: "/", environment }, stateDirectories: [state] };
    const wanted = { engine: "docker", image: "made:1" } as const;
    const given = unpackEngineImage(wanted, "--root", surroundings, { ...deadlines, askMs: 500 });
    expect(await given.catch((error: unknown) => error)).toEqual(
      new CupelError("usage", "--root image:docker:made:1: docker did not answer within 0.5 s"),
    );
  });
});
