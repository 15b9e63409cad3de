import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { createRealHost } from "../../src/host/real-host.ts";
import type { Host } from "../../src/host/host.ts";
import { CupelError } from "../../src/model/error.ts";
import type { Change } from "../../src/model/layer.ts";
import { discardLayer, findLayer, keepLayer, listLayers, removeAbandoned } from "../../src/run/kept-layers.ts";
import { openLayer, type Layer } from "../../src/run/open-layer.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const change: Change = { path: "a/b", change: "added", kind: "file", mode: 0o644, sizeBytes: 1 };

function hostOf(directory: TempDir): Host {
  const real = createRealHost();
  return { ...real, environment: { ...real.environment, XDG_STATE_HOME: directory.path, HOME: directory.at("home") } };
}

async function open(directory: TempDir): Promise<Layer> {
  const state = directory.folder("cupel", 0o700);
  return openLayer({
    place: { directory: state, isFitForOverlay: true },
    workspace: directory.folder("workspace"),
    manner: "overlay",
  });
}

async function keep(directory: TempDir, endedAt: string): Promise<string> {
  const layer = await open(directory);
  return keepLayer(layer, { workspace: layer.workspace, program: "make", endedAt, changes: [change] }).id;
}

function own(host: Host, directory: TempDir): string[] {
  return listLayers(host).flatMap(({ directory: path, record }) =>
    path.startsWith(directory.path) ? [record.id] : [],
  );
}

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("kept layers", () => {
  test("are found by their id, oldest first, until they are discarded", async () => {
    using directory = makeTempDir();
    const host = hostOf(directory);
    const later = await keep(directory, "2026-02-01T00:00:00.000Z");
    const earlier = await keep(directory, "2026-01-01T00:00:00.000Z");
    expect(own(host, directory)).toEqual([earlier, later]);
    const found = findLayer(later, host);
    // As with the record of a run: the beginning will do, where it is no other's.
    const beginning = later.slice(0, earlier.startsWith(later.slice(0, 5)) ? 6 : 5);
    expect(findLayer(beginning, host)).toEqual(found);
    expect(found.record.changes).toEqual([change]);
    discardLayer(found);
    expect(own(host, directory)).toEqual([earlier]);
    expect(readdirSync(directory.at("cupel/layers"))).toEqual([earlier]);
  });

  test.each([
    ["half", (text: string) => text.slice(0, 40)],
    ["nothing", () => ""],
    ["of another shape", (text: string) => text.replace('"schema":1', '"schema":2')],
    ["on its way out", (text: string) => text.replace('"a/b"', '"../b"')],
    ["with an absolute path", (text: string) => text.replace('"a/b"', '"/a/b"')],
    ["with a field more", (text: string) => text.replace('"mode":420', '"mode":420,"owner":0')],
    ["another's", (text: string) => text.replace(/"id":"[^"]*"/, '"id":"aaaaaa"')],
  ])("a record that is %s is none", async (_name, damage) => {
    using directory = makeTempDir();
    const host = hostOf(directory);
    const id = await keep(directory, "2026-01-01T00:00:00.000Z");
    const path = directory.at(`cupel/layers/${id}/layer.json`);
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    expect(own(host, directory)).toEqual([]);
    expect(refusal(() => findLayer(id, host))).toEqual([
      "usage",
      expect.stringMatching(/^No changes are kept as "[a-z2-9]{6}": /),
    ]);
  });

  test.each(["", "..", "../layers", "running-1-a", "ABCDEF", "abcdefg"])("no id leads elsewhere: %p", (id) => {
    using directory = makeTempDir();
    expect(refusal(() => findLayer(id, hostOf(directory)))).toEqual([
      "usage",
      expect.stringContaining(`No changes are kept as ${JSON.stringify(id)}: `),
    ]);
  });

  test("of processes that are gone go, and no others", async () => {
    using directory = makeTempDir();
    const running = await open(directory);
    const layers = directory.at("cupel/layers");
    const ended = Bun.spawnSync(["true"]).pid;
    mkdirSync(`${layers}/running-${ended}-${ownPlace()}-x1/upper/made`, { recursive: true });
    const elsewhere = `running-${ended}-${"1".repeat(24)}-x1`;
    mkdirSync(`${layers}/${elsewhere}`);
    mkdirSync(`${layers}/another`);
    removeAbandoned(directory.at("cupel"));
    expect(readdirSync(layers).toSorted()).toEqual([basename(running.path), "another", elsewhere].toSorted());
  });
});
