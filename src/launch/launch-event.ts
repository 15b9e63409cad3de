/** What the launcher tells, one JSON line each. */
import * as v from "valibot";

const number = v.pipe(v.number(), v.integer());

const launchEventSchema = v.variant("event", [
  v.strictObject({
    event: v.literal("ready"),
    user: number,
    mount: number,
    pid: number,
    ipc: number,
    uts: number,
    cgroup: number,
    network: number,
    /** 1 where the host's root could not be left, and lies below the job's. */
    covering: number,
  }),
  v.strictObject({ event: v.literal("failed"), step: v.string(), errno: number, subject: v.string() }),
  v.strictObject({ event: v.literal("exec-failed"), errno: number, subject: v.string() }),
  v.strictObject({ event: v.literal("started"), pid: number }),
  /** The job was stopped, and the caller's terminal put back as it was: cupel may stop too. */
  v.strictObject({ event: v.literal("suspended") }),
  v.strictObject({ event: v.literal("timeout"), timeoutMs: number }),
  v.strictObject({
    event: v.literal("ended"),
    /** As wait4(2) gives it. */
    status: number,
    wallMicros: number,
    userMicros: number,
    systemMicros: number,
    maxRssBytes: number,
  }),
  /** What went through a standard stream (0, 1, 2) or the job's own terminal (3) could not be passed on to its end. */
  v.strictObject({ event: v.literal("stream-lost"), stream: number, errno: number }),
  /** A resident launcher is ready for jobs; `pid` is its own number for itself: 1 where it lives in a root that jobs share. */
  v.strictObject({ event: v.literal("resident"), pid: number }),
  /** A resident launcher is done with a job, whose two outputs were this long. */
  v.strictObject({ event: v.literal("finished"), outputBytes: number, errorBytes: number }),
  /** The first process died without a word; `status` as wait4(2) gives it. */
  v.strictObject({ event: v.literal("lost"), status: number }),
]);

/** One event of a launch. */
export type LaunchEvent = v.InferOutput<typeof launchEventSchema>;

/** An event from its line. @throws ValiError or SyntaxError where the line is none: the launcher is ours, so a bug. */
export function parseLaunchEvent(line: string): LaunchEvent {
  return v.parse(launchEventSchema, JSON.parse(line));
}
