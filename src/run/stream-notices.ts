/** What is to be said of a job's standard streams, from what the launcher told. Pure. */
import { errnoName } from "../host/errno-name.ts";
import { findEvent, type LaunchEvent } from "../launch/launch-event.ts";

const streamNames = ["standard input", "standard output", "standard error", "its terminal"];

/** What is to be said of output that could not be passed on; undefined where all of it was. */
export function lostOutput(events: readonly LaunchEvent[]): string | undefined {
  const lost = events.find((event) => event.event === "stream-lost" && event.stream > 0);
  if (lost?.event !== "stream-lost") return undefined;
  return `what the job wrote to ${streamNames[lost.stream] ?? "a stream"} could not all be passed on: ${errnoName(lost.errno)}`;
}

/** The same of the job's input. */
export function lostInput(events: readonly LaunchEvent[]): string | undefined {
  const lost = events.find((event) => event.event === "stream-lost" && event.stream === 0);
  return lost?.event === "stream-lost"
    ? `standard input could not be read to its end: ${errnoName(lost.errno)}`
    : undefined;
}

/** What is to be said of output over its cap that was dropped; undefined where none was, or where that ended the job. */
export function cutOutput(events: readonly LaunchEvent[]): string | undefined {
  const counts = events.filter((event) => event.event === "output");
  const [bytes, passed] = [
    counts.reduce((sum, count) => sum + count.bytes, 0),
    counts.reduce((sum, count) => sum + count.passedBytes, 0),
  ];
  if (passed === bytes || findEvent(events, "output-limit") !== undefined) return undefined;
  return `the job wrote ${bytes} bytes of output, of which ${passed} were passed on, its cap`;
}
