import { describe, expect, test } from "bun:test";
import { makeTempDir, type TempDir } from "../../test/support/temp-dir.ts";
import { furtherJobNs, measureBatches } from "./batch.ts";
import type { Candidate } from "./contestant.ts";
import type { Workshop } from "./workshop.ts";

/** Stands in for cupel: says what it knows, and of each job of a list that it ended with `code`, some time after the last. */
function standIn(directory: TempDir, help: string, code: number): Workshop {
  const script = `#!/bin/sh
if [ "$2" = --help ]; then echo "${help}"; exit; fi
while read -r line; do sleep 0.01; echo '{"exitCode":${code}}'; done <"$3"`;
  return {
    path: directory.path,
    directory: directory.path,
    executable: directory.file("cupel", script, 0o755),
    launcher: "",
    driver: "",
    npmPrograms: "",
    containerRoot: "",
    environment: { PATH: "/usr/bin:/bin" },
  };
}

const bwrap: Candidate = {
  name: "bwrap",
  what: "",
  runsJobs: true,
  work: (job) => ({ kind: "spawn", command: ["/bin/echo", ...job] }),
};

const effort = { jobs: 10, rounds: 2 };
const rates = { "1": expect.any(Number), "2": expect.any(Number), "4": expect.any(Number) };
const xargs = { name: "bwrap-xargs", what: "xargs -P, the command of bwrap for each job", jobsPerSecond: rates };

test("a further job is what twice the jobs take longer, each", () => expect(furtherJobNs(500, 600, 50)).toBe(2e6));

describe("measureBatches", () => {
  test("measures whole batches, and each further job", async () => {
    using directory = makeTempDir();
    const { rows, missing } = await measureBatches(standIn(directory, "--batch FILE", 0), bwrap, effort);
    expect(missing).toEqual([]);
    expect(rows).toEqual([
      { name: "cupel-batch", what: "cupel run --batch, its start and end included", jobsPerSecond: rates },
      xargs,
      { name: "resident", what: expect.any(String), latency: expect.objectContaining({ samples: 2 }) },
    ]);
  });

  test("says where this build knows no batches", async () => {
    using directory = makeTempDir();
    const reason = "this build of cupel does not know run --batch";
    expect(await measureBatches(standIn(directory, "--result FILE", 0), bwrap, effort)).toEqual({
      rows: [xargs],
      missing: [
        { name: "cupel-batch", reason },
        { name: "resident", reason },
      ],
    });
  });

  test("has no figure of jobs that fail, nor of a bwrap that is not there", async () => {
    using directory = makeTempDir();
    const missing = { name: "bwrap", reason: "not installed" };
    expect(await measureBatches(standIn(directory, "--batch FILE", 1), missing, effort)).toEqual({
      rows: [],
      missing: [
        { name: "bwrap-xargs", reason: "bwrap cannot run here" },
        { name: "cupel-batch", reason: "0 of 10 jobs ended well" },
        { name: "resident", reason: "0 of 10 jobs ended well" },
      ],
    });
  });
});
