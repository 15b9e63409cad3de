import { expect, test } from "bun:test";
import { inParallel } from "../../src/verify/in-parallel.ts";

test("gives results in the order of the tasks, with no more under way than is allowed", async () => {
  let [underWay, most] = [0, 0];
  const tasks = Array.from({ length: 7 }, (_, index) => async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 7 - index));
    underWay--;
    return index;
  });
  expect(await inParallel(tasks, 3)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
  expect(await inParallel([], 3)).toEqual([]);
});

test("throws what failed first, begins nothing after it, and waits for what is under way", async () => {
  const done: number[] = [];
  const tasks = [0, 1, 2, 3].map((index) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 5 * index));
    if (index === 0) throw new Error("the first");
    done.push(index);
  });
  expect(inParallel(tasks, 2)).rejects.toThrow("the first");
  await Bun.sleep(50);
  expect(done).toEqual([1]);
});
