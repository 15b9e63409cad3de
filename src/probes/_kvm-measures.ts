/** What KVM costs and carries: the time of one exit, and memory beyond a few pages. */
import type { Finding } from "../model/capability.ts";
import { finding } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, valueAt, type Reading } from "./_steps.ts";

/** Hardware takes one or two microseconds to user space and back; more than this is a hypervisor within another. */
const slowMicroseconds = 10;

/** The time from a guest to this process and back, in microseconds. */
export function judgeLatency(reading: Reading): Finding {
  const evidence = evidenceOf(
    { ...reading, trouble: undefined },
    { exit: "leave a guest 200 times (nanoseconds for one exit)" },
  );
  const nanoseconds = valueAt(reading, "exit");
  if (nanoseconds === undefined) return { ...notEstablished(reading, "exits of a guest"), evidence };
  const value = Math.round(nanoseconds / 100) / 10;
  const pace = value > slowMicroseconds ? ": works, slow, as under another hypervisor" : "";
  const summary = `a guest's exit and return take ${value.toFixed(1)} microseconds${pace}`;
  return finding({ state: "works", level: "exercised", summary, evidence, value });
}

/** Sixty-four megabytes, written by the guest at both ends and between, and read here. */
export function judgeMemory(reading: Reading): Finding {
  const evidence = evidenceOf(
    { ...reading, trouble: undefined },
    { memory: "have a guest write to each 2 MiB of 64 MiB (microseconds)" },
  );
  const errno = errnoAt(reading, "memory");
  if (errno === undefined) return { ...notEstablished(reading, "memory of a guest"), evidence };
  if (errno === "ok") {
    const summary = "a guest wrote all over 64 MiB, and it was read here";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  const text = reading.steps.get("memory")?.text ?? "";
  const detail = `64 MiB of memory for a guest: ${errno}${text === "" ? "" : `: ${text}`}`;
  const blockers = [{ code: "unknown", detail }] as const;
  // A limit of this process, of its control group, or a machine that is full: ENOMEM does not say.
  return finding({
    state: errno === "ENOMEM" ? "blocked" : "broken",
    level: "exercised",
    summary: detail,
    evidence,
    blockers,
  });
}
