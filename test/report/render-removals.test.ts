import { expect, test } from "bun:test";
import type { Removal } from "../../src/model/removal.ts";
import { renderRemovals } from "../../src/report/render-removals.ts";

const removals: Removal[] = [
  { result: "removed", path: "/s/report.json", what: "the saved report", bytes: 2048 },
  { result: "removed", path: "/s/engines", what: "the engines' places", bytes: 0 },
  { result: "left", path: "/s/a\u001b[2Jb", reason: "it is not cupel's" },
  { result: "failed", path: "/s/root", reason: "EACCES" },
];

test("renderRemovals says what went, what was left, and what it comes to", () => {
  expect(renderRemovals(removals, false)).toBe(
    [
      "removed /s/report.json: the saved report, 2 KiB",
      "removed /s/engines: the engines' places",
      "left /s/a\\x1b[2Jb: it is not cupel's",
      "clean: removed 2 entries, 2048 bytes; 1 left; 1 could not be removed",
      "",
    ].join("\n"),
  );
});

test("renderRemovals says of a dry run what would go, and of nothing that there is nothing", () => {
  expect(renderRemovals(removals.slice(0, 1), true)).toBe(
    "would remove /s/report.json: the saved report, 2 KiB\nclean: would remove 1 entry, 2048 bytes\n",
  );
  expect(renderRemovals([], true)).toBe("clean: nothing to remove\n");
});
