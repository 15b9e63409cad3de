import { describe, expect, test } from "bun:test";
import type { Change, LayerRecord } from "../../src/model/layer.ts";
import { describeKept, renderChanges, renderLayerList } from "../../src/report/render-changes.ts";

const before = { kind: "file", mode: 0o644, sizeBytes: 1, inode: "1", modifiedNs: "1", changedNs: "1" } as const;

const changes: Change[] = [
  { path: "a", change: "added", kind: "file", mode: 0o644, sizeBytes: 2048 },
  { path: "b\u001b[2J", change: "added", kind: "symlink", mode: 0o777, sizeBytes: 0, target: "a" },
  { path: "c", change: "mode-changed", kind: "file", mode: 0o755, sizeBytes: 10, before },
  { path: "d", change: "deleted", kind: "directory", mode: 0o755, sizeBytes: 0 },
  { path: "e", change: "type-changed", kind: "special", mode: 0o644, sizeBytes: 0, before },
  { path: "f", change: "modified", kind: "file", mode: 0o644, sizeBytes: 1, before },
];

const record: LayerRecord = {
  schema: 1,
  id: "abcdef",
  workspace: "/home/me/project",
  program: "make",
  endedAt: "2026-01-02T03:04:05.678Z",
  changes,
};

const whole = { style: { columns: 40, color: false, unicode: true }, isWide: true };

describe("what a job changed", () => {
  test("is broken for a terminal", () => {
    const view = { ...whole, isWide: false };
    expect(renderChanges({ ...record, changes: changes.slice(0, 1) }, view)).toBe(
      [
        "/home/me/project: what make changed,",
        "    until 2026-01-02T03:04:05.678Z",
        "A a (2 KiB)",
        "changes: 1 path added (2 KiB)",
        "",
      ].join("\n"),
    );
    expect(renderLayerList([{ ...record, changes: changes.slice(0, 1) }], view)).toBe(
      [
        "abcdef 2026-01-02T03:04:05.678Z",
        "    /home/me/project: make, 1 path added",
        "    (2 KiB)",
        "changes of 1 job, 2 KiB together",
        "",
      ].join("\n"),
    );
  });

  test("is a line for each path", () =>
    expect(renderChanges(record, whole)).toBe(
      [
        "/home/me/project: what make changed, until 2026-01-02T03:04:05.678Z",
        "A a (2 KiB)",
        "A b\\x1b[2J (link to a)",
        "P c (mode 0644, now 0755)",
        "D d (directory)",
        "T e (device, FIFO or socket)",
        "M f (1 bytes)",
        "changes: 2 paths added, 1 modified, 1 deleted, 1 replaced by another kind and 1 with another mode (2 KiB)",
        "",
      ].join("\n"),
    ));

  test("is one line on the way", () =>
    expect(describeKept({ ...record, changes: changes.slice(0, 1) })).toBe(
      "1 path added (2 KiB) in the workspace; see cupel changes abcdef, apply with cupel apply abcdef",
    ));

  test("is listed by its id", () => {
    expect(renderLayerList([], whole)).toBe("changes: nothing is kept\n");
    expect(renderLayerList([{ ...record, changes: changes.slice(0, 1) }], whole)).toBe(
      "abcdef 2026-01-02T03:04:05.678Z /home/me/project: make, 1 path added (2 KiB)\nchanges of 1 job, 2 KiB together\n",
    );
  });
});
