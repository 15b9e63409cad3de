import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { recordRun } from "../../src/run/record-run.ts";
import { readRunRecords } from "../../src/run/run-records.ts";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { finishedRun, placesIn, recordIn } from "../fixtures/jobs/finished-runs.ts";
import { start } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { rootCallers } from "../support/tester.ts";

const uid = process.getuid?.() ?? 0;

describe("recordRun", () => {
  test("keeps it whole, for its user alone, without the values of variables", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    recordIn(directory, "abcdef");
    const path = directory.at("cupel/runs/abcdef/run.json");
    expect(readFileSync(path, "utf8")).not.toContain("very-secret");
    expect([statSync(path).mode & 0o777, statSync(directory.at("cupel/runs")).mode & 0o777]).toEqual([0o600, 0o700]);
    const { plan, outcome } = finishedRun("abcdef");
    expect(readRunRecords(places)).toEqual({
      records: [
        {
          schema: 1,
          id: "abcdef",
          startedAt: "2026-01-01T00:00:00.000Z",
          endedAt: expect.stringMatching(/^\d{4}-/),
          command: ["make", "test"],
          directory: "/w",
          plan: {
            strategy: "namespaces",
            isolation: "namespace",
            launch: { ...plan?.launch, environment: ["TOKEN"] },
          },
          outcome: JSON.parse(JSON.stringify(outcome)),
        },
      ],
      unreadable: [],
    } as never);
    expect(readdirSync(directory.at("cupel/runs"))).toEqual(["abcdef"]);
  });

  test("replaces none that has its id", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    recordIn(directory, "abcdef");
    const again = recordRun(finishedRun("abcdef", { plan: undefined }), [directory.at("cupel")], uid);
    expect(again).toEqual({ ok: false, reason: `${directory.at("cupel/runs")}: ENOTEMPTY` });
    expect(readRunRecords(places).records).toEqual([
      expect.objectContaining({ id: "abcdef", plan: expect.anything() }),
    ]);
    expect(readdirSync(directory.at("cupel/runs"))).toEqual(["abcdef"]);
  });

  test("says why it cannot be kept; no place at all is nothing to say", () => {
    using directory = makeTempDir();
    placesIn(directory);
    directory.file("cupel/runs");
    expect(recordRun(finishedRun("abcdef"), [directory.at("cupel")], uid)).toEqual({
      ok: false,
      reason: `${directory.at("cupel/runs")}: ENOTDIR`,
    });
    chmodSync(directory.at("cupel"), 0o777);
    expect(recordRun(finishedRun("abcdef"), [directory.at("cupel")], uid)).toEqual({ ok: false });
  });
});

/** Records one after another under ids that count, and says each when it is kept. */
const writer = `
  import { recordRun } from "${join(repositoryRoot, "src/run/record-run.ts")}";
  import { finishedRun } from "${join(repositoryRoot, "test/fixtures/jobs/finished-runs.ts")}";
  const [place, first] = process.argv.slice(-2);
  for (let count = 0; ; count++) {
    const id = first + count.toString(8).padStart(5, "2").replaceAll("0", "9").replaceAll("1", "8");
    if (recordRun(finishedRun(id), [place], ${uid}).ok) process.stdout.write(id + "\\n");
  }
`;

/** What a writer that was killed had told of is all there, and nothing that is there is torn. */
async function killWriter(place: string, first: string, afterMs: number): Promise<string[]> {
  await using running = start([process.execPath, "-e", writer, place, first]);
  await running.wrote("\n");
  await Bun.sleep(afterMs);
  running.kill("SIGKILL");
  return (await running.ended).stdout.split("\n").filter((id) => /^.{6}$/.test(id));
}

test("a writer that is killed at any moment leaves every record whole", async () => {
  using directory = makeTempDir();
  const places = placesIn(directory);
  const rounds = Number(process.env["KILLED_WRITERS"] ?? 8);
  let told: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = String.fromCodePoint("a".codePointAt(0)! + (round % 26));
    told = [...told, ...(await killWriter(directory.at("cupel"), first, Math.random() * 20))];
    const { records, unreadable } = readRunRecords(places);
    const ids = new Set(records.map(({ id }) => id));
    expect({ unreadable, lost: told.filter((id) => !ids.has(id)) }).toEqual({ unreadable: [], lost: [] });
  }
  expect(told.length).toBeGreaterThan(rounds);
});

test.each(rootCallers)("a full file system costs the new record and none before it, for $name", async () => {
  using directory = makeTempDir();
  const places = placesIn(directory);
  mkdirSync(directory.at("cupel/runs"), { mode: 0o700 });
  expect(
    Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=32k,mode=700", "none", directory.at("cupel/runs")]).exitCode,
  ).toBe(0);
  try {
    const results = Array.from("abcdefghijkm", (letter) =>
      recordRun(finishedRun(letter.repeat(6)), [directory.at("cupel")], uid),
    );
    const kept = results.filter(({ ok }) => ok).length;
    expect(kept).toBeGreaterThan(2);
    expect(results.slice(kept)).toEqual(
      results.slice(kept).map(() => ({ ok: false, reason: `${directory.at("cupel/runs")}: ENOSPC` })),
    );
    const { records, unreadable } = readRunRecords(places);
    expect([records.length, unreadable]).toEqual([kept, []]);
    expect(readdirSync(directory.at("cupel/runs")).length).toBe(kept);
  } finally {
    Bun.spawnSync(["umount", directory.at("cupel/runs")]);
  }
});
