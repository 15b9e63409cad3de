import { expect, test } from "bun:test";
import { freeId, idPattern, makingName, makingPattern, newId } from "../../src/run/run-id.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("an id is six letters that nobody takes for others, and no word", () => {
  const ids = Array.from({ length: 500 }, newId);
  expect(ids.filter((id) => !idPattern.test(id) || /[01laeiou]/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(500);
});

test("a free id is neither a run's nor a layer's", () => {
  using directory = makeTempDir();
  const random = Math.random;
  const drawn = [0, 0.5, 0.99];
  for (const [index, place] of ["runs", "layers"].entries()) {
    Math.random = () => drawn[index] ?? 0;
    directory.folder(`${place}/${newId()}`);
  }
  try {
    let calls = 0;
    Math.random = () => drawn[Math.floor(calls++ / 6)] ?? 0;
    expect(freeId([directory.path])).toBe("999999");
  } finally {
    Math.random = random;
  }
});

test("the name of what is made says who makes it", () =>
  expect(makingPattern.exec(makingName())?.[1]).toBe(String(process.pid)));
