/** What the launcher tells, one JSON line each. */
import { integer, oneOf, strictObject, text, type Check, type Checked } from "../model/strict-shape.ts";

function event<Kind extends string, Fields extends Readonly<Record<string, Check<unknown>>>>(
  kind: Kind,
  fields: Fields,
): Check<{ readonly event: Kind } & { readonly [Name in keyof Fields]: Checked<Fields[Name]> }> {
  return strictObject({ event: oneOf([kind]), ...fields }) as never;
}

const checks = {
  ready: event("ready", {
    user: integer,
    mount: integer,
    pid: integer,
    ipc: integer,
    uts: integer,
    cgroup: integer,
    network: integer,
    /** 1 where the host's root could not be left, and lies below the job's. */
    covering: integer,
  }),
  failed: event("failed", { step: text, errno: integer, subject: text }),
  "exec-failed": event("exec-failed", { errno: integer, subject: text }),
  started: event("started", { pid: integer }),
  /** The job was stopped, and the caller's terminal put back as it was: cupel may stop too. */
  suspended: event("suspended", {}),
  timeout: event("timeout", { timeoutMs: integer }),
  /** All processes together have used up their CPU time, as the control group counts it. */
  "timeout-cpu": event("timeout-cpu", { limitMs: integer, usedMs: integer }),
  /** There was no output for so long. */
  "timeout-idle": event("timeout-idle", { limitMs: integer, idleMs: integer }),
  /** The job wrote more than may be passed on, and is ended for it. */
  "output-limit": event("output-limit", { bytesMax: integer }),
  /** A file system of the job's own had no room left, of bytes or of files, when the job had ended. */
  full: event("full", { subject: text, bytes: integer, freeBytes: integer, files: integer, freeFiles: integer }),
  ended: event("ended", {
    /** As wait4(2) gives it. */
    status: integer,
    /** From the instruction to the job's start. */
    setupMicros: integer,
    wallMicros: integer,
    userMicros: integer,
    systemMicros: integer,
    maxRssBytes: integer,
    /** Of 512 bytes (getrusage(2)). */
    readBlocks: integer,
    writtenBlocks: integer,
  }),
  /** What a stream carried, where it was counted: all of it, and what was passed on. */
  output: event("output", { stream: integer, bytes: integer, passedBytes: integer }),
  /** What went through a standard stream (0, 1, 2) or the job's own terminal (3) could not be passed on to its end. */
  "stream-lost": event("stream-lost", { stream: integer, errno: integer }),
  /** A resident launcher is ready for jobs; `pid` is its own number for itself: 1 where it lives in a root that jobs share. */
  resident: event("resident", { pid: integer }),
  /** A resident launcher is done with a job, whose two outputs were this long. */
  finished: event("finished", { outputBytes: integer, errorBytes: integer }),
  /** The set-up command has done well, and nothing of it is left; the job starts once it is let. */
  "setup-ended": event("setup-ended", { setupMicros: integer, wallMicros: integer }),
  /** The port of the host's that the published one with this number, counted from 0, came to. */
  published: event("published", { index: integer, port: integer }),
  /** What the job changed in a layer that has a size was copied out of memory, or why not: 0 where it was. */
  "layer-kept": event("layer-kept", { errno: integer }),
  /** What carried the job's connections to the proxy died before the job ended; `status` as wait4(2) gives it. */
  "courier-lost": event("courier-lost", { status: integer }),
  /** What was to make the sandbox had not started a job by then, and was ended. */
  "maker-timeout": event("maker-timeout", { timeoutMs: integer }),
  /** What was to make the sandbox ended without a job having started; what it said of that. */
  "maker-failed": event("maker-failed", { status: integer, words: text }),
  /** The first process died without a word; `status` as wait4(2) gives it. */
  lost: event("lost", { status: integer }),
};

/** One event of a launch. */
export type LaunchEvent = Checked<(typeof checks)[keyof typeof checks]>;

/** Events of that kind. */
export type EventOf<Kind extends LaunchEvent["event"]> = Extract<LaunchEvent, { event: Kind }>;

/** The first event of that kind. */
export function findEvent<Kind extends LaunchEvent["event"]>(
  events: readonly LaunchEvent[],
  kind: Kind,
): EventOf<Kind> | undefined {
  return events.find((told): told is EventOf<Kind> => told.event === kind);
}

/** An event from its line. @throws TypeError or SyntaxError where the line is none: the launcher is ours, so a bug. */
export function parseLaunchEvent(line: string): LaunchEvent {
  const input = JSON.parse(line) as Partial<LaunchEvent> | null;
  const kind = input?.event;
  const problem = kind !== undefined && Object.hasOwn(checks, kind) ? checks[kind](input, "") : "event: is not known";
  if (problem !== undefined) throw new TypeError(`the launcher said ${line}: ${problem}`);
  return input as LaunchEvent;
}
