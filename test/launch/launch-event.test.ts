import { describe, expect, test } from "bun:test";
import { parseLaunchEvent, type LaunchEvent } from "../../src/launch/launch-event.ts";

const events: readonly LaunchEvent[] = [
  { event: "ready", user: 1, mount: 2, pid: 3, ipc: 4, uts: 5, cgroup: 6, network: 7, covering: 0 },
  { event: "resident", pid: 1 },
  { event: "finished", outputBytes: 3, errorBytes: 0 },
  { event: "failed", step: "mount-proc", errno: 1, subject: "/proc" },
  { event: "exec-failed", errno: 2, subject: "/bin/none" },
  { event: "started", pid: 7 },
  { event: "suspended" },
  { event: "timeout", timeoutMs: 1000 },
  { event: "ended", status: 256, wallMicros: 1, userMicros: 2, systemMicros: 3, maxRssBytes: 4096 },
  { event: "stream-lost", stream: 1, errno: 28 },
  { event: "lost", status: 9 },
];

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
