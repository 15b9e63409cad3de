import { expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { takeTurn } from "../../src/verify/take-turn.ts";

test("a turn is waited for until it is given up, and no longer than that is worth", async () => {
  const told: string[] = [];
  const order = (patienceMs: number, who: string) => ({ patienceMs, onWait: () => told.push(who) });
  const first = await takeTurn(order(60_000, "first"));
  expect(takeTurn(order(0, "impatient"))).rejects.toThrow(
    new CupelError("set-up", "another verification runs on this host, and does not end"),
  );
  const second = takeTurn(order(60_000, "second"));
  first.close();
  (await second).close();
  expect(told).toEqual(expect.arrayContaining(["impatient", "second"]));
  expect(told).toHaveLength(2);
});
