/** Many runs at once: each has its own output, its own end and its own outcome. PARALLEL_RUNS says how many. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const runs = Number(process.env["PARALLEL_RUNS"] ?? 40);
const deadlineMs = 55_000 + runs * 200;

interface Expected {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly input: string;
}

/** Words that nobody else says, and a code of its own; larger than a pipe takes at once, so that writes are cut apart. */
function expectedOf(index: number): Expected {
  const token = crypto.randomUUID();
  const lines = (name: string): string => `${name}-${index}-${token}\n`.repeat(2000);
  return { code: index % 250, stdout: lines("out"), stderr: lines("err"), input: lines("in") };
}

const script = `cat; i=0; while [ $i -lt 20 ]; do printf %s "$OUT"; printf %s "$ERR" >&2; i=$((i+1)); done; exit $CODE`;

/** A part that the job writes twenty times. */
function part(text: string): string {
  return text.slice(0, text.length / 20);
}

describe.each(callers)(`${runs} runs at once, called by $name`, (caller) => {
  test(
    "never mix up outputs, endings or outcomes",
    async () => {
      using results = makeTempDir({ owner: caller, mode: 0o777 });
      // The first measures the host; that is not what this is about.
      expect((await cupel.run(caller, ["run", "--", "true"])).code).toBe(0);
      const expected = Array.from({ length: runs }, (_, index) => expectedOf(index));
      const ended = await Promise.all(
        expected.map(async ({ code, stdout, stderr, input }, index) => {
          const flags = [
            "--result",
            results.at(`${index}.json`),
            "--env",
            "OUT",
            "--env",
            "ERR",
            "--env",
            `CODE=${code}`,
          ];
          const env = { OUT: part(stdout), ERR: part(stderr) };
          return cupel.run(caller, ["run", ...flags, "--", "sh", "-c", script], { env, stdin: input, deadlineMs });
        }),
      );
      for (const [index, { code, stdout, stderr, input }] of expected.entries()) {
        const ran = ended[index];
        expect(ran?.code).toBe(code);
        expect(ran?.stdout === input + stdout).toBeTrue();
        // What is not the job's, if anything is, is what there is to see.
        expect(ran?.stderr.replace(stderr, "")).toBe("");
        const outcome: unknown = JSON.parse(readFileSync(results.at(`${index}.json`), "utf8"));
        expect(outcome).toMatchObject({
          status: code === 0 ? "ok" : "nonzero",
          code,
          exitCode: code,
          strategy: "namespaces",
        });
      }
    },
    deadlineMs + 10_000,
  );
});
