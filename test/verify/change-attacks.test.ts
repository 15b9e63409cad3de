import { expect, test } from "bun:test";
import { layerLeftBy } from "../../src/verify/change-attacks.ts";
import { createFixtureHost } from "../support/fixture-host.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("a layer that was left is found by the number of its run, and no other's", () => {
  using state = makeTempDir();
  const host = createFixtureHost({ environment: { XDG_STATE_HOME: state.path } });
  const place = "0123456789abcdef01234567";
  const layer = state.folder(`cupel/layers/running-12-${place}-ab3`);
  expect([layerLeftBy(12, host), layerLeftBy(1, host), layerLeftBy(123, host)]).toEqual([layer, undefined, undefined]);
});
