import { expect, test } from "bun:test";
import { judgeHostAttack } from "../../src/verify/host-side.ts";

const everyone = { id: "D08", control: { by: "everyone" } } as const;
const none = { id: "G06", control: { by: "none", reason: "nothing is set up" } } as const;

test.each([
  [everyone, { sign: "it lives" }, { sign: "it lives" }, "broke", "it lives"],
  [everyone, { sign: undefined }, { sign: "it lives" }, "held", "without a sandbox: it lives"],
  [
    everyone,
    { sign: undefined },
    { sign: undefined },
    "unknown",
    "its control failed: without a sandbox nothing was seen of it",
  ],
  [everyone, { sign: undefined }, { failure: "no room" }, "unknown", "its control failed: no room"],
  [everyone, { sign: undefined }, undefined, "unknown", "its control failed: without a sandbox nothing was seen of it"],
  [everyone, { failure: "it takes words" }, { sign: "it lives" }, "not-applicable", "it takes words"],
  [everyone, { doubt: "it did not come" }, { sign: "it lives" }, "unknown", "it did not come"],
  [everyone, { sign: undefined }, { doubt: "it did not come" }, "unknown", "its control failed: it did not come"],
  [none, { sign: undefined }, undefined, "held", "nothing was seen of it"],
] as const)("%p inside %p, outside %p: %s", (attack, inside, outside, verdict, because) =>
  expect(judgeHostAttack(attack, inside, outside)).toEqual({ attack: attack.id, verdict, because }),
);
