import { expect, test } from "bun:test";
import { parseChainLimit } from "../../src/probes/_control-group-chain.ts";

test.each([
  ["cpu", "max 100000", undefined],
  ["cpu", "150000 100000", 1.5],
  ["cpu", "-1 100000", undefined],
  ["cpu", "100000 0", undefined],
  ["cpu", "100000", undefined],
  ["memory", "max", undefined],
  ["memory", "9223372036854771712", undefined],
  ["memory", "1048576", 1_048_576],
  ["pids", "0", 0],
  ["pids", "", undefined],
  ["pids", "many", undefined],
] as const)("%s: %j is %p", (controller, text, amount) => {
  expect(parseChainLimit(controller, text)).toBe(amount);
});
