import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { watchSettings } from "../../../src/verify/canaries/settings.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

test("a setting that is not what it was is told of once, and one that is not there is one too", async () => {
  using directory = makeTempDir();
  const [kept, changed, made] = [directory.file("kept", "a"), directory.file("changed", "b"), directory.at("made")];
  const settings = watchSettings([kept, changed, made]);
  expect(await settings.look()).toEqual([]);
  writeFileSync(changed, "c");
  writeFileSync(made, "d");
  expect(await settings.look()).toEqual([
    { canary: "settings", text: `${changed}: c` },
    { canary: "settings", text: `${made}: d` },
  ]);
  expect(await settings.look()).toEqual([]);
});

test("the host's own are told of by nobody here", async () => {
  const settings = watchSettings();
  const { keys, tokens, absent } = settings;
  expect({ keys, tokens, absent, hits: await settings.look() }).toEqual({ keys: {}, tokens: [], absent: {}, hits: [] });
});
