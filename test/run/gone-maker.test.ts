import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { describeMaker, isGone, isLeft, isRunning, makerFrom } from "../../src/run/gone-maker.ts";
import { makerWords, ownMakerWords, ownPlace } from "../../src/run/maker.ts";
import { readIfThere } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const own = "aaaaaaaabbbbbbbbcccccccc";
/** Beyond every number of a process (proc_sys_kernel(5), pid_max). */
const nobody = 4_194_305;
const [longAgo, now] = [0, Date.now()];

describe("isGone", () => {
  test.each([
    ["a process of this place that runs", process.pid, own, longAgo, false],
    ["one that does not", nobody, own, now, true],
    ["one of another PID namespace", nobody, "aaaaaaaabbbbbbbbdddddddd", longAgo, false],
    ["one of this machine in an earlier boot", process.pid, "aaaaaaaaddddddddcccccccc", longAgo, true],
    ["one of a machine with the same id, at work in this boot", nobody, "aaaaaaaaddddddddcccccccc", now, false],
    ["one of another machine", nobody, "ddddddddeeeeeeeecccccccc", longAgo, false],
    ["one of a boot that could not be told", nobody, "aaaaaaaa00000000cccccccc", longAgo, false],
  ])("of %s", (_what, pid, place, changedMs, gone) => expect(isGone({ pid, place }, changedMs, own)).toBe(gone));

  test.each([
    ["00000000bbbbbbbbcccccccc", "00000000ddddddddcccccccc"],
    ["aaaaaaaa00000000cccccccc", "aaaaaaaaddddddddcccccccc"],
  ])("says nothing of another place where %s cannot tell all of its own", (unsure, other) => {
    expect(isGone({ pid: nobody, place: other }, longAgo, unsure)).toBe(false);
    expect(isGone({ pid: nobody, place: unsure }, now, unsure)).toBe(true);
  });
});

test("a process that has ended, and that nobody asked for yet, is gone", async () => {
  // The shell becomes a program that asks for none of its children.
  const parent = Bun.spawn(["sh", "-c", "sleep 0.1 & echo $!; exec sleep 60"], { stdout: "pipe" });
  try {
    const { value } = await parent.stdout.getReader().read();
    const pid = Number.parseInt(Buffer.from(value ?? []).toString(), 10);
    expect(isRunning(pid)).toBeTrue();
    await until("it has ended", () => /^State:\tZ/m.test(readIfThere(`/proc/${pid}/status`)));
    expect(isRunning(pid)).toBeFalse();
  } finally {
    parent.kill();
    await parent.exited;
  }
});

test("what lies at a path is as old as its last change of any kind", () => {
  using directory = makeTempDir();
  const path = directory.file("made");
  utimesSync(path, 0, 0);
  const earlier = `${ownPlace().slice(0, 8)}12345678${ownPlace().slice(16)}`;
  expect([isLeft({ pid: nobody, place: earlier }, path), isLeft({ pid: nobody, place: ownPlace() }, path)]).toEqual([
    false,
    true,
  ]);
  expect(isLeft({ pid: process.pid, place: ownPlace() }, directory.at("gone"))).toBe(true);
});

test("a maker is read back from its words", () => {
  const made = new RegExp(`^made-${makerWords}-x$`).exec(`made-${ownMakerWords()}-x`);
  expect(made && makerFrom(made)).toEqual({ pid: process.pid, place: ownPlace() });
  expect(describeMaker({ pid: 12, place: ownPlace() })).toBe("process 12");
  expect(describeMaker({ pid: 12, place: own })).toBe("process 12 of another machine or PID namespace");
});
