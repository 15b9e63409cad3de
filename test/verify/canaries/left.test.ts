import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { collectLeft } from "../../../src/verify/canaries/left.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

test("what bears a mark is a hit and goes; what bears none is anybody's", () => {
  using directory = makeTempDir();
  const [marked, other] = [directory.file("cupel-attack-A10-0123abcd"), directory.file("somebody's")];
  const sightings = [marked, other, directory.at("gone-A10-0123abcd")].map((value) => ({ channel: "left", value }));
  expect(collectLeft([...sightings, { channel: "fact", value: marked }])).toEqual([{ canary: "left", text: marked }]);
  expect([existsSync(marked), existsSync(other)]).toEqual([false, true]);
});
