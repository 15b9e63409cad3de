import { describe, expect, test } from "bun:test";
import {
  findFuseOpaque,
  isFuseMark,
  isFuseOpaque,
  removedByFuseMark,
  withoutFuseMarks,
} from "../../src/run/fuse-marks.ts";
import type { LayerEntry } from "../../src/run/layer-entries.ts";

function entryOf(name: string, parts: Partial<LayerEntry> = {}): LayerEntry {
  const plain = { isUnreadable: false, kind: "file", isWhiteout: false, mode: 0o644, sizeBytes: 1 } as const;
  return { name, ...plain, changedNs: 1n, entries: [], ...parts };
}

function directoryOf(name: string, ...entries: readonly LayerEntry[]): LayerEntry {
  return entryOf(name, { kind: "directory", mode: 0o755, sizeBytes: 0, entries });
}

describe("a name in a layer of fuse-overlayfs's", () => {
  test.each([
    ["a", false, undefined],
    [".wh", false, undefined],
    ["a.wh.b", false, undefined],
    [".wh.a", true, "a"],
    [".wh..git", true, ".git"],
    [".wh..wh.a", true, ".wh.a"],
    [".wh.", true, undefined],
    [".wh..opq", true, undefined],
    [".wh..wh..opq", true, undefined],
  ])("%s", (name, isMark, removed) => {
    expect({ isMark: isFuseMark(name), removed: removedByFuseMark(name) }).toEqual({ isMark, removed });
  });

  test("says by either mark that a directory shows nothing of what lies below", () => {
    expect([["a"], [".wh.a"], ["a", ".wh..opq"], [".wh..wh..opq"]].map(isFuseOpaque)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

const device = entryOf("gone", { kind: "special", isWhiteout: true, mode: 0 });

const layer = [
  directoryOf("anew", entryOf(".wh..opq"), entryOf(".wh..wh..opq"), entryOf("inner")),
  directoryOf("kept", directoryOf("deep", entryOf(".wh..wh..opq")), entryOf(".wh.removed")),
  entryOf("b"),
  device,
  // Made again by the job since.
  entryOf(".wh.b"),
  entryOf(".wh.a"),
];

test("the entries of a layer, with the kernel's marks in the place of the program's", () => {
  expect(withoutFuseMarks(layer)).toEqual([
    entryOf("a", { isWhiteout: true }),
    directoryOf("anew", entryOf("inner")),
    entryOf("b"),
    device,
    directoryOf("kept", directoryOf("deep"), entryOf("removed", { isWhiteout: true })),
  ]);
});

test("the opaque directories, among those that are asked about", () => {
  expect(findFuseOpaque(layer, new Set(["anew", "kept", "kept/deep"]))).toEqual(["anew", "kept/deep"]);
  expect(findFuseOpaque(layer, new Set(["kept"]))).toEqual([]);
});
