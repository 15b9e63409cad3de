import { describe, expect, test } from "bun:test";
import { compareReports, renderDiff, renderDiffJson } from "../../src/report/render-diff.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const different = compareReports(
  { name: "good.json", report: perfectHost },
  { name: "bad.json", report: blockedNamespaces },
);
const same = compareReports(
  { name: "one", report: perfectHost },
  { name: "other", report: { ...perfectHost, isWhole: false } },
);

describe("renderDiff", () => {
  test("of two that differ", () => expect(renderDiff(different, plainStyle)).toMatchSnapshot());
  test("of two that are the same", () => expect(renderDiff(same, plainStyle)).toMatchSnapshot());

  test("is tidy in every style", () => {
    for (const style of styles) for (const one of [different, same]) expectTidy(renderDiff(one, style), style, []);
  });
});

test("renderDiffJson says the same", () => {
  expect(JSON.parse(renderDiffJson(different))).toMatchObject({
    schema: 1,
    same: false,
    differences: different.differences,
  });
  expect(JSON.parse(renderDiffJson(same))).toMatchObject({ same: true, differences: [], facts: [] });
});
