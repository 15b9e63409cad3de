import { describe, expect, test } from "bun:test";
import { renderColumns, renderRatio, renderReport } from "./render.ts";

describe("renderColumns", () => {
  test("aligns text left and numbers right, and leaves the last as it is", () =>
    expect(
      renderColumns([
        ["", "p50", "what"],
        ["long name", "1.00", "x"],
        ["b", "10.00", ""],
      ]),
    ).toBe("             p50  what\nlong name   1.00  x\nb          10.00"));
});

describe("renderRatio", () => {
  test.each([
    [3, 2, "1.50×"],
    [undefined, 2, "–"],
    [3, undefined, "–"],
  ])("%p of %p", (value, of, expected) => expect(renderRatio(value, of)).toBe(expected));
});

describe("renderReport", () => {
  test("shows what was measured, and says what was not and why", () => {
    const text = renderReport({
      schema: 1,
      machine: { kernel: "6.1", architecture: "x64", cpus: 2, uid: 0 },
      cupel: "0.1.0",
      rows: [
        {
          name: "bwrap-same",
          what: "bwrap",
          version: "0.8",
          latency: { samples: 200, minUs: 900, p50Us: 1000, p99Us: 3000 },
          jobsPerSecond: { "1": 100, "2": 200, "4": 210 },
          memory: { kind: "not-measured", reason: "no job to be seen" },
        },
        {
          name: "launcher",
          what: "cupel",
          latency: { samples: 3, minUs: 300, p50Us: 400 },
          memory: { kind: "measured", insideKib: 52, aroundKib: 40, processes: 2 },
        },
      ],
      missing: [{ name: "docker", reason: "no daemon" }],
      targets: [{ what: "a", bound: "≤ 0.4 ×", measured: 0.4012, from: "0.40 ms against 1.00 ms", verdict: "not met" }],
    });
    expect(text.split("\n").map((line) => line.trim().replaceAll(/ +/g, " "))).toEqual([
      "cupel 0.1.0; Linux 6.1 x64, 2 CPUs, uid 0; the job is /bin/true",
      "",
      "p50 ms p99 min samples of bwrap-same jobs/s at 1 at 2 at 4 PSS KiB inside around what",
      "bwrap-same 1.00 3.00 0.90 200 1.00× 100 200 210 – – bwrap (0.8)",
      "launcher 0.40 – 0.30 3 0.40× – – – 52 40 cupel",
      "",
      "Not measured",
      "docker: no daemon",
      "bwrap-same, memory: no job to be seen",
      "",
      "target measured from",
      "a ≤ 0.4 × 0.401 not met 0.40 ms against 1.00 ms",
      "",
    ]);
  });
});
