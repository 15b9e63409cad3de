import { describe, expect, test } from "bun:test";
import type { Origin } from "../../src/model/origin.ts";
import { describeLeftOut } from "../../src/report/origin-words.ts";

function leftOut(count: number): Origin[] {
  return Array.from({ length: count }, (_, index) => ({
    from: "project",
    flag: "read",
    field: "filesystem.read.allow",
    value: `/${index}`,
    place: `cupel.yaml:1:${index + 1}`,
  }));
}

const [before, after] = [
  "left out, since a project that is not trusted can only ask for less: ",
  "; cupel trust shows it all and allows it",
];

describe("describeLeftOut", () => {
  test("names what there is, and where", () =>
    expect(describeLeftOut(leftOut(2))).toBe(
      `${before}cupel.yaml:1:1 filesystem.read.allow /0 and cupel.yaml:1:2 filesystem.read.allow /1${after}`,
    ));

  test("names no more than a few", () => {
    expect(describeLeftOut(leftOut(5))).not.toContain("more");
    expect(describeLeftOut(leftOut(5000))).toEndWith(` filesystem.read.allow /4 and 4995 more${after}`);
  });

  test("lets no value command a terminal", () => {
    const [origin] = leftOut(1);
    const hostile = { ...(origin as Origin), value: "/a\u001b[2J\nb\u009b\u202e" };
    // oxlint-disable-next-line no-control-regex -- none of them may be there
    expect(describeLeftOut([hostile])).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});
