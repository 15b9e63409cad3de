import { describe, expect, test } from "bun:test";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import { cutOutput, lostInput, lostOutput } from "../../src/run/stream-notices.ts";

describe("lostOutput and lostInput", () => {
  const lost = (stream: number): LaunchEvent[] => [{ event: "stream-lost", stream, errno: 5 }];

  test("name the stream and the errno, each its own", () => {
    expect([lostOutput(lost(2)), lostInput(lost(2))]).toEqual([
      "what the job wrote to standard error could not all be passed on: EIO",
      undefined,
    ]);
    expect([lostOutput(lost(0)), lostInput(lost(0))]).toEqual([
      undefined,
      "standard input could not be read to its end: EIO",
    ]);
    expect(lostOutput(lost(3))).toBe("what the job wrote to its terminal could not all be passed on: EIO");
  });

  test("say nothing where all was passed on", () => {
    expect([lostOutput([]), lostInput([])]).toEqual([undefined, undefined]);
  });
});

describe("cutOutput", () => {
  const output = (stream: number, bytes: number, passedBytes: number): LaunchEvent => ({
    event: "output",
    stream,
    bytes,
    passedBytes,
  });

  test("says how much there was, and how much of it was passed on", () =>
    expect(cutOutput([output(1, 300, 10), output(2, 5, 0)])).toBe(
      "the job wrote 305 bytes of output, of which 10 were passed on, its cap",
    ));

  test("says nothing where all was passed on, and where that ended the job", () => {
    expect([cutOutput([]), cutOutput([output(1, 300, 300)])]).toEqual([undefined, undefined]);
    expect(cutOutput([{ event: "output-limit", bytesMax: 10 }, output(1, 300, 10)])).toBeUndefined();
  });
});
