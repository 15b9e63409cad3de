import { expect, test } from "bun:test";
import { layOutBlocks } from "../../src/report/lay-out-blocks.ts";
import { verifiedBlocks } from "../../src/report/strategy-blocks.ts";
import { plainStyle } from "./printed-lines.ts";

const held = { id: "fs.read", state: "held", depth: "full", attack: "" } as const;
const quick = { ...held, id: "net.none", depth: "quick" } as const;
const broken = { id: "tty.safe", state: "broken", depth: "full", attack: "F04" } as const;

test.each([
  [[held], "x (network=none): 1 guarantee held."],
  [[held, quick], "x (network=none): 2 guarantees held, 1 against one attack alone."],
  [[quick], "x (network=none): 1 guarantee held, each against one attack alone."],
  [[held, broken], "x (network=none): 1 guarantee held; broken: tty.safe by F04."],
] as const)("of what was attacked no more is said than was seen: %#", (guarantees, line) => {
  const blocks = verifiedBlocks([{ strategy: "x", mechanisms: "network=none", guarantees }]);
  expect(layOutBlocks(blocks, { ...plainStyle, columns: 100 })).toContain(line);
});

test("nothing is said where nothing was attacked", () => expect(verifiedBlocks()).toEqual([]));
