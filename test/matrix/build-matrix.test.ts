import { describe, expect, test } from "bun:test";
import { buildMatrix } from "../../src/matrix/build-matrix.ts";
import type { Finding } from "../../src/model/capability.ts";
import { defineProbe, finding, type Probe } from "../../src/probes/_probe.ts";
import { probes as registeredProbes } from "../../src/probes/registry.gen.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { until } from "../support/until.ts";

const context = createFixtureContext({ host: {}, helpers: {} });

function works(summary: string): Finding {
  return finding({ state: "works", level: "exercised", summary });
}

function probeOf(id: string, run: Probe["run"], deadlineMs = 1000): Probe {
  const capabilities = { [`${id}.one`]: "One", [`${id}.two`]: "Two" };
  return defineProbe({ id, area: "host", capabilities, deadlineMs, run });
}

/** Both capabilities of a probe that said nothing of its own. */
function unknownOf(id: string, summary: string, result: string): Record<string, unknown> {
  const both = [
    [`${id}.one`, "One"],
    [`${id}.two`, "Two"],
  ];
  return Object.fromEntries(
    both.map(([capability = "", title]) => [
      capability,
      {
        id: capability,
        title,
        area: "host",
        probe: id,
        durationMs: expect.any(Number),
        state: "unknown",
        level: "inferred",
        summary,
        evidence: [{ action: `probe ${id}`, result }],
        blockers: [{ code: "unknown", detail: summary }],
        ruledOut: [],
      },
    ]),
  );
}

const sound = probeOf("sound", () => Promise.resolve({ "sound.one": works("1"), "sound.two": works("2") }));

describe("buildMatrix", () => {
  test("puts each finding under its id, with title, area and time", async () => {
    expect(await buildMatrix(context, [sound])).toEqual({
      "sound.one": {
        id: "sound.one",
        title: "One",
        area: "host",
        probe: "sound",
        durationMs: expect.any(Number),
        ...works("1"),
      },
      "sound.two": {
        id: "sound.two",
        title: "Two",
        area: "host",
        probe: "sound",
        durationMs: expect.any(Number),
        ...works("2"),
      },
    });
  });

  test.each([
    ["rejects", () => Promise.reject(new TypeError("no such thing")), "TypeError: no such thing"],
    [
      "throws before it has begun",
      () => {
        throw new RangeError("at once");
      },
      "RangeError: at once",
    ],
    // What a faulty probe throws need not be an error.
    ["rejects with what is no error", () => Promise.reject("words"), "words"],
  ])("makes a probe that %s unknown, and keeps what the others found", async (_, run, result) => {
    const matrix = await buildMatrix(context, [probeOf("bad", run), sound]);
    expect(matrix).toEqual({
      ...unknownOf("bad", "the probe failed", result),
      "sound.one": expect.objectContaining({ state: "works" }),
      "sound.two": expect.objectContaining({ state: "works" }),
    } as never);
  });

  test("makes a probe that hangs unknown, after its deadline and a little more", async () => {
    const started = performance.now();
    const matrix = await buildMatrix(context, [probeOf("hung", () => new Promise(() => undefined), 50), sound]);
    const tookMs = performance.now() - started;
    expect(matrix).toMatchObject(unknownOf("hung", "no answer within 300 ms", "timeout"));
    expect(matrix["sound.one"]?.state).toBe("works");
    expect(matrix["sound.one"]?.durationMs).toBeLessThan(250);
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(2000);
  });

  test("lets a probe answer for itself between its deadline and the end of its overtime", async () => {
    const late = probeOf(
      "late",
      async () => {
        await Bun.sleep(80);
        return { "late.one": works("just"), "late.two": works("so") };
      },
      20,
    );
    expect((await buildMatrix(context, [late]))["late.one"]?.summary).toBe("just");
  });

  test("makes a capability that its probe forgot unknown, and keeps the other", async () => {
    const forgetful = probeOf("forgetful", () => Promise.resolve({ "forgetful.one": works("1") }));
    const matrix = await buildMatrix(context, [forgetful]);
    expect(matrix).toEqual({
      "forgetful.one": expect.objectContaining({ state: "works" }),
      "forgetful.two": unknownOf("forgetful", "the probe did not say", "nothing")["forgetful.two"],
    } as never);
  });

  test("takes nothing from a probe that it did not declare", async () => {
    const greedy = probeOf("greedy", () =>
      Promise.resolve({ "greedy.one": works("1"), "greedy.two": works("2"), "kvm.run": works("3") }),
    );
    expect(Object.keys(await buildMatrix(context, [greedy]))).toEqual(["greedy.one", "greedy.two"]);
  });

  test("runs all probes at once", async () => {
    let running = 0;
    const waiting = ["a", "b", "c"].map((id) =>
      probeOf(id, async () => {
        running += 1;
        await until("all probes are running", () => running === 3, 900);
        return { [`${id}.one`]: works(""), [`${id}.two`]: works("") };
      }),
    );
    const states = Object.values(await buildMatrix(context, waiting)).map(({ state }) => state);
    expect(states).toEqual(Array.from({ length: 6 }, () => "works"));
  });

  test("measures how long each family took", async () => {
    const started = performance.now();
    const matrix = await buildMatrix(context, [sound]);
    const durationMs = matrix["sound.one"]?.durationMs;
    expect(durationMs).toBeGreaterThanOrEqual(0);
    expect(durationMs).toBeLessThanOrEqual(performance.now() - started);
    expect(matrix["sound.two"]?.durationMs).toBe(durationMs as never);
  });

  test("gives every probe the same host and helpers", async () => {
    const given: unknown[] = [];
    const spy = probeOf("spy", (one) => {
      given.push(one);
      return Promise.resolve({});
    });
    await buildMatrix(context, [spy]);
    expect(given[0]).toBe(context);
  });

  test("cannot be changed", async () => {
    const matrix = await buildMatrix(context, [sound]);
    expect(Object.isFrozen(matrix)).toBeTrue();
  });

  test("has every capability of every registered probe, unless told otherwise", async () => {
    const ids = registeredProbes.flatMap((probe) => Object.keys(probe.capabilities));
    expect(Object.keys(await buildMatrix(context)).toSorted()).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });
});
