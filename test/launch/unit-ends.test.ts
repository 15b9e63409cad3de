import { expect, test } from "bun:test";
import { unitEnd } from "../../src/launch/unit-ends.ts";

test("an end in the set-up of a service has systemd's name, and no other end has one", () =>
  expect([203, 217, 226, 0, 1, 199, 204].map(unitEnd)).toEqual([
    "203/EXEC",
    "217/USER",
    "226/NAMESPACE",
    undefined,
    undefined,
    undefined,
    undefined,
  ]));
