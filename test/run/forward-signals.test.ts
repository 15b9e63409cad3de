import { expect, test } from "bun:test";
import type { Launch } from "../../src/launch/start-launch.ts";
import { forwardSignals } from "../../src/run/forward-signals.ts";

/** A launch that notes what it is told. */
function notingLaunch(): { launch: Launch; told: (number | "kill")[] } {
  const told: (number | "kill")[] = [];
  const launch: Launch = {
    signal: (number) => void told.push(number),
    kill: () => void told.push("kill"),
    proceed: () => undefined,
    shown: () => undefined,
    outputs: undefined as never,
    ended: Promise.resolve([]),
  };
  return { launch, told };
}

test("signals are the job's until its end, and the third interrupt ends it", async () => {
  const { launch, told } = notingLaunch();
  const before = process.listenerCount("SIGINT");
  const stop = forwardSignals(Promise.resolve(launch), "none");
  for (const name of ["SIGUSR1", "SIGCONT", "SIGTERM", "SIGINT", "SIGINT", "SIGINT"] as const) process.emit(name);
  await Bun.sleep(0);
  expect(told).toEqual([10, 18, 15, 2, 2, "kill"]);
  expect([stop(), process.listenerCount("SIGINT")]).toEqual(["SIGINT", before]);
});

test("what asks for no end is not told as such", () => {
  const { launch } = notingLaunch();
  const stop = forwardSignals(Promise.resolve(launch), "none");
  process.emit("SIGUSR2");
  expect(stop()).toBeUndefined();
});

test("what comes while there is no launch yet is passed on when there is", async () => {
  const { launch, told } = notingLaunch();
  const launching = Promise.withResolvers<Launch>();
  const stop = forwardSignals(launching.promise, "none");
  for (const name of ["SIGQUIT", "SIGUSR1"] as const) process.emit(name);
  await Bun.sleep(0);
  expect(told).toEqual([]);
  launching.resolve(launch);
  await Bun.sleep(0);
  expect([told, stop()]).toEqual([[3, 10], "SIGQUIT"]);
});
