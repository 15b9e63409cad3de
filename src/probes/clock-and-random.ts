/** Time and random numbers, drawn: a job that waits for either looks as if it hung. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["host.clock", "host.entropy"] as const;

/** 2024-01-01: a clock before it was never set; certificates are then not valid yet. */
const earliestSeconds = 1_704_067_200;

/** Coarser than this is a clock that only ticks with the timer interrupt. */
const coarsestNanoseconds = 1_000_000;

async function run({ host, helpers }: ProbeContext) {
  const reading = readSteps("kernel-facts", await helpers.probe("kernel-facts", [], 1000));
  return { "host.clock": judgeClock(host, reading), "host.entropy": judgeRandom(reading) };
}

function judgeClock(host: Host, reading: Reading): Finding {
  const source = readLine(host, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const evidence = [
    ...evidenceOf(reading, {
      monotonic: "read the monotonic clock twice",
      resolution: "ask for its resolution (nanoseconds)",
      real: "read the real-time clock (seconds since 1970)",
    }),
    { action: "read the clock source", result: lineOrErrno(source) },
  ];
  const [resolution, seconds] = [valueAt(reading, "resolution"), valueAt(reading, "real")];
  if (resolution === undefined || seconds === undefined) {
    return { ...notEstablished(reading, "clock_gettime"), evidence };
  }
  const named = source.ok && source.value !== "" ? source.value : undefined;
  const parts = { level: "exercised", evidence, value: named } as const;
  if (errnoAt(reading, "monotonic") !== "ok") {
    return finding({ ...parts, state: "broken", summary: "the monotonic clock ran backwards" });
  }
  if (seconds < earliestSeconds) {
    const day = new Date(seconds * 1000).toISOString().slice(0, 10);
    return finding({ ...parts, state: "broken", summary: `the clock was never set: it says ${day}` });
  }
  if (resolution > coarsestNanoseconds) {
    const summary = `the clock advances only every ${Math.round(resolution / 1_000_000)} ms`;
    return finding({ ...parts, state: "degraded", summary });
  }
  const by = named === undefined ? "" : `, by ${named}`;
  return finding({ ...parts, state: "works", summary: `advances, and the date is plausible${by}` });
}

/** getrandom(2): without GRND_NONBLOCK a job would wait until the kernel has gathered enough. */
function judgeRandom(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    random: "getrandom(GRND_NONBLOCK), bytes",
    "random-again": "again",
    "random-differs": "compare the two",
  });
  const errno = errnoAt(reading, "random");
  if (errno === undefined) return { ...notEstablished(reading, "getrandom"), evidence };
  if (allGave(reading, { random: "ok", "random-again": "ok", "random-differs": "ok" })) {
    const summary = "random numbers are there without waiting";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  if (errno === "EAGAIN") {
    const summary = "the kernel has not gathered enough yet: a job that asks for random numbers waits";
    return finding({ state: "degraded", level: "exercised", summary, evidence });
  }
  const summary = errno === "ok" ? "the same numbers came twice" : `getrandom fails with ${errno}`;
  return finding({ state: "broken", level: "exercised", summary, evidence });
}

/** Probe `clock-and-random`. */
export default defineProbe({
  id: "clock-and-random",
  area: "host",
  capabilities: { "host.clock": "Clock", "host.entropy": "Random numbers" },
  deadlineMs: 2000,
  run: onLinux(ids, run),
});
