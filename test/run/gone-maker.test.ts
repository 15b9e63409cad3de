import { describe, expect, test } from "bun:test";
import { describeMaker, isGone, makerFrom } from "../../src/run/gone-maker.ts";
import { makerWords, ownMakerWords, ownPlace } from "../../src/run/maker.ts";

const own = "aaaaaaaabbbbbbbbcccccccc";
/** Beyond every number of a process (proc_sys_kernel(5), pid_max). */
const nobody = 4_194_305;

describe("isGone", () => {
  test.each([
    ["a process of this place that runs", process.pid, own, false],
    ["one that does not", nobody, own, true],
    ["one of another PID namespace", nobody, "aaaaaaaabbbbbbbbdddddddd", false],
    ["one of this machine before it was booted", process.pid, "aaaaaaaaddddddddcccccccc", true],
    ["one of another machine", nobody, "ddddddddeeeeeeeecccccccc", false],
  ])("of %s", (_what, pid, place, gone) => expect(isGone({ pid, place }, own)).toBe(gone));

  test("says nothing of another boot where machines have no name", () => {
    const [nameless, other] = ["00000000bbbbbbbbcccccccc", "00000000ddddddddcccccccc"] as const;
    expect(isGone({ pid: nobody, place: other }, nameless)).toBe(false);
    expect(isGone({ pid: nobody, place: nameless }, nameless)).toBe(true);
  });
});

test("a maker is read back from its words", () => {
  const made = new RegExp(`^made-${makerWords}-x$`).exec(`made-${ownMakerWords()}-x`);
  expect(made && makerFrom(made)).toEqual({ pid: process.pid, place: ownPlace() });
  expect(describeMaker({ pid: 12, place: ownPlace() })).toBe("process 12");
  expect(describeMaker({ pid: 12, place: own })).toBe("process 12 of another machine or PID namespace");
});
