import { expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { idBeginning } from "../../src/run/id-beginning.ts";

const ids = ["bbbbbb", "bcbbbb", "dddddd", "dddddd"];

test.each([
  ["bb", "bbbbbb"],
  ["bcbbbb", "bcbbbb"],
  ["d", "dddddd"],
  ["f", undefined],
  ["bbbbbbb", undefined],
  ["", undefined],
])("%p means %p", (stated, id) => expect(idBeginning(stated, ids, "ids")).toBe(id as never));

test("several are named, and no more than can be read", () => {
  expect(() => idBeginning("b", ids, "runs' ids")).toThrow(
    new CupelError("usage", '"b" is the beginning of several runs\' ids: bbbbbb, bcbbbb'),
  );
  const many = Array.from({ length: 9 }, (_, index) => `bbbbb${index + 1}`);
  expect(() => idBeginning("b", many, "ids")).toThrow(/: bbbbb1, .*, bbbbb8, …$/);
});
