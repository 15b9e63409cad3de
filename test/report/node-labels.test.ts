import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isLabelValue, labelKey, labelValue } from "../../src/report/node-labels.ts";
import { checkedKey, checkedValue } from "../support/read-formats.ts";

describe("labelKey and labelValue", () => {
  test("leave alone what Kubernetes takes", () => {
    expect([labelKey("capability.userns.create"), labelValue("6.18.44-fc_v669")]).toEqual([
      "cupel.feature.node.kubernetes.io/capability.userns.create",
      "6.18.44-fc_v669",
    ]);
  });

  test("shorten what is too long and replace what is not allowed, and no two become one", () => {
    const texts = ["a".repeat(63), "a".repeat(64), "a".repeat(65), "a/b", "a:b", "a_b", "-a", "a-", "", "…", "/"];
    const values = texts.map(labelValue);
    expect(new Set(values).size).toBe(texts.length);
    expect(values.map((value) => value.length <= 63)).not.toContain(false);
    expect(values.slice(3, 6)).toEqual([
      expect.stringMatching(/^a_b-[0-9a-f]{8}$/u),
      expect.stringMatching(/^a_b-[0-9a-f]{8}$/u),
      "a_b",
    ]);
  });

  test("are valid of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 90 }), (text) => {
        checkedKey(labelKey(text));
        expect(checkedValue(labelValue(text))).not.toBe("");
        expect(isLabelValue(text)).toBe(labelValue(text) === text);
      }),
    );
  });
});
