import { describe, expect, test } from "bun:test";
import { findEvent, parseLaunchEvent, type LaunchEvent } from "../../src/launch/launch-event.ts";

const events: readonly LaunchEvent[] = [
  { event: "ready", user: 1, mount: 2, pid: 3, ipc: 4, uts: 5, cgroup: 6, network: 7, covering: 0 },
  { event: "resident", pid: 1 },
  { event: "finished", outputBytes: 3, errorBytes: 0 },
  { event: "failed", step: "mount-proc", errno: 1, subject: "/proc" },
  { event: "exec-failed", errno: 2, subject: "/bin/none" },
  { event: "started", pid: 7 },
  { event: "suspended" },
  { event: "timeout", timeoutMs: 1000 },
  { event: "timeout-cpu", limitMs: 1000, usedMs: 1010 },
  { event: "timeout-idle", limitMs: 500, idleMs: 501 },
  { event: "output-limit", bytesMax: 10 },
  { event: "full", subject: "/tmp", bytes: 4096, freeBytes: 0, files: 9, freeFiles: 3 },
  { event: "output", stream: 1, bytes: 12, passedBytes: 10 },
  {
    event: "ended",
    status: 256,
    setupMicros: 5,
    wallMicros: 1,
    userMicros: 2,
    systemMicros: 3,
    maxRssBytes: 4096,
    readBlocks: 8,
    writtenBlocks: 16,
  },
  { event: "stream-lost", stream: 1, errno: 28 },
  { event: "lost", status: 9 },
];

test("findEvent gives the first of a kind", () => {
  const two: LaunchEvent[] = [
    { event: "started", pid: 7 },
    { event: "lost", status: 1 },
    { event: "lost", status: 2 },
  ];
  expect([findEvent(two, "lost"), findEvent([], "lost")]).toEqual([{ event: "lost", status: 1 }, undefined]);
});

function refused(line: string): string {
  try {
    return `taken: ${JSON.stringify(parseLaunchEvent(line))}`;
  } catch (error) {
    return error instanceof Error ? error.name : "no error";
  }
}

describe("parseLaunchEvent", () => {
  test.each(events.map((event) => [event.event, event] as const))("reads %s", (_, event) =>
    expect(parseLaunchEvent(JSON.stringify(event))).toEqual(event),
  );

  test.each(events.map((event) => [event.event, event] as const))(
    "refuses %s with a field that it does not know",
    (_, event) => expect(refused(JSON.stringify({ ...event, extra: 1 }))).toBe("TypeError"),
  );

  test.each(events.map((event) => [event.event, event] as const))(
    "refuses %s with a field missing, each in turn",
    (_, event) => {
      const fields = Object.keys(event).filter((name) => name !== "event");
      const results = fields.map((left) =>
        refused(JSON.stringify(Object.fromEntries(Object.entries(event).filter(([name]) => name !== left)))),
      );
      expect(results).toEqual(fields.map(() => "TypeError"));
    },
  );

  test.each([
    ["an event that it does not know", '{"event":"danced"}', "TypeError"],
    ["a number that is none", '{"event":"started","pid":"7"}', "TypeError"],
    ["a number with a fraction", '{"event":"started","pid":7.5}', "TypeError"],
    ["no object", "7", "TypeError"],
    ["half a line", '{"event":"star', "SyntaxError"],
    ["an empty line", "", "SyntaxError"],
  ])("refuses %s", (_, line, name) => expect(refused(line)).toBe(name));
});
