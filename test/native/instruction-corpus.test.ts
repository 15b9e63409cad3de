/** What the fuzzer found to be unlike each other, read again; and a short run of the fuzzer itself. */
import { describe, expect, test } from "bun:test";
import { execute } from "../support/execute.ts";
import { encodedSeeds, readCorpus } from "../support/instruction-corpus.ts";
import { buildInstructionFuzzer, fuzzerArguments, hasFuzzer } from "../support/instruction-fuzzer.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const needsCompiler = needsPrograms("gcc");

const needsFuzzer = needs(hasFuzzer(), "clang or its fuzzer are not installed (Debian: clang, libclang-rt-dev)");

describe("the corpus", () => {
  needsCompiler("is read without a byte too many", async () => {
    const results = await readInstructions(readCorpus());
    const count = (verdict: number): number => results.filter((one) => one === verdict).length;
    // It holds both what is taken and what is refused for each reason that there is.
    expect(count(verdicts.accepted)).toBeGreaterThan(30);
    expect(count(verdicts.malformed)).toBeGreaterThan(30);
    const known: readonly number[] = Object.values(verdicts);
    expect(results.filter((one) => !known.includes(one))).toEqual([]);
  });

  needsCompiler("has what cupel itself writes beside it, which is taken whole", async () => {
    const seeds = encodedSeeds();
    expect(seeds.length).toBeGreaterThan(20);
    expect(new Set(await readInstructions(seeds))).toEqual(new Set([verdicts.accepted]));
  });

  test("is small enough to be kept", () => {
    expect(readCorpus().length).toBeGreaterThan(100);
    expect(readCorpus().length).toBeLessThan(1000);
  });
});

describe("the fuzzer", () => {
  needsFuzzer("finds nothing in a short run", async () => {
    using directory = makeTempDir();
    for (const [index, bytes] of [...encodedSeeds(), ...readCorpus()].entries()) {
      directory.file(`corpus/seed-${index}`, bytes);
    }
    const program = buildInstructionFuzzer();
    const words = [program, ...fuzzerArguments, "-runs=50000", "-seed=1", directory.at("corpus")];
    const { code, stderr } = await execute(words, { cwd: directory.path, env: {}, deadlineMs: 50_000 });
    expect({ code, end: /^Done \d+ runs/m.exec(stderr)?.[0] }).toEqual({ code: 0, end: "Done 50000 runs" });
  });
});
