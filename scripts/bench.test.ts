import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as v from "valibot";
import { makeTempDir } from "../test/support/temp-dir.ts";
import { callers } from "../test/support/tester.ts";
import { benchReportSchema } from "./bench/report.ts";
import { repositoryRoot } from "./source/repository.ts";

const script = join(repositoryRoot, "scripts/bench.ts");

async function bench(
  prefix: readonly string[],
  words: readonly string[],
  home: string,
): Promise<[number, string, string]> {
  const child = Bun.spawn([...prefix, process.execPath, "--no-env-file", script, ...words], {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "", HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return [await child.exited, await child.stdout.text(), await child.stderr.text()];
}

describe("the bench", () => {
  for (const caller of callers) {
    test(`measures what it is told to, as ${caller.name}`, async () => {
      using directory = makeTempDir({ owner: caller, mode: 0o700 });
      const names = ["fork-exec", "bare-loop", "cupel-run", "launcher"];
      const words = ["--quick", "--runs", "2", "--json", "--only", names.join(","), "--workshop", directory.at("shop")];
      const [code, stdout, stderr] = await bench(caller.prefix, words, directory.path);
      expect({ code, stderr: stderr.replaceAll(/^bench: .*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
      const report = v.parse(benchReportSchema, JSON.parse(stdout));
      expect(report.missing).toEqual([]);
      expect(report.rows.map(({ name }) => name).sort()).toEqual(names.sort());
      for (const row of report.rows) {
        expect(row.latency?.samples).toBe(2);
        expect(Object.keys(row.jobsPerSecond ?? {})).toEqual(["1", "2", "4"]);
      }
      const launcher = report.rows.find(({ name }) => name === "launcher");
      // The first process of a sandbox cannot be looked into by whoever started it, only by root.
      expect(launcher?.memory).toEqual(
        caller.uid === 0
          ? { kind: "measured", insideKib: expect.any(Number), aroundKib: expect.any(Number), processes: 2 }
          : { kind: "not-measured", reason: "the kernel does not show the memory of cupel" },
      );
      expect(report.targets.map(({ verdict }) => verdict).slice(0, 4)).toEqual(Array(4).fill("not measured"));
    }, 60_000);
  }

  test("names what there is where a contestant is unknown", async () => {
    using directory = makeTempDir();
    const [code, , stderr] = await bench([], ["--only", "bwarp", "--workshop", directory.at("shop")], directory.path);
    expect(code).toBe(125);
    expect(stderr).toStartWith("cupel: cannot measure: there is no bwarp; there are fork-exec, bare-loop,");
  });
});
