import { expect, test } from "bun:test";
import clockAndRandom from "../../src/probes/clock-and-random.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

function find(changes: Readonly<Record<string, string | undefined>>) {
  const transcripts = { "kernel-facts": altered(surfaceAsUser["kernel-facts"], { real: "ok 1795241440", ...changes }) };
  return clockAndRandom.run(createFixtureContext({ host: { files: { [source]: "tsc\n" } }, helpers: { transcripts } }));
}

test("both are there", async () => {
  expect(printFindings(await find({}))).toMatchInlineSnapshot(`
    "
    host.clock: works (exercised) = tsc
      advances, and the date is plausible, by tsc
      | read the monotonic clock twice -> ok
      | ask for its resolution (nanoseconds) -> ok, 1
      | read the real-time clock (seconds since 1970) -> ok, 1795241440
      | read the clock source -> tsc
    host.entropy: works (exercised)
      random numbers are there without waiting
      | getrandom(GRND_NONBLOCK), bytes -> ok, 16
      | again -> ok, 16
      | compare the two -> ok
    "
  `);
});

test.each([
  [{ real: "ok 86400" }, "broken: the clock was never set: it says 1970-01-02"],
  [{ monotonic: "EIO" }, "broken: the monotonic clock ran backwards"],
  [{ resolution: "ok 4000000" }, "degraded: the clock advances only every 4 ms"],
])("a clock with %j", async (changes, expected) => {
  const { state, summary } = (await find(changes))["host.clock"];
  expect(`${state}: ${summary}`).toBe(expected);
});

test.each([
  [
    { random: "EAGAIN", "random-again": "EAGAIN", "random-differs": "EIO" },
    "degraded: the kernel has not gathered enough yet: a job that asks for random numbers waits",
  ],
  [{ "random-differs": "EIO" }, "broken: the same numbers came twice"],
  [{ random: "ENOSYS", "random-again": "ENOSYS" }, "broken: getrandom fails with ENOSYS"],
])("random numbers with %j", async (changes, expected) => {
  const { state, summary } = (await find(changes))["host.entropy"];
  expect(`${state}: ${summary}`).toBe(expected);
});

test("nothing could be started", async () => {
  expect(printFindings(await clockAndRandom.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    host.clock: unknown (inferred)
      could not be established: prober kernel-facts: the prober could not be started
      | prober kernel-facts -> the prober could not be started
      | read the clock source -> ENOENT
    host.entropy: unknown (inferred)
      could not be established: prober kernel-facts: the prober could not be started
      | prober kernel-facts -> the prober could not be started
    "
  `);
});
