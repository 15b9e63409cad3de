import { afterAll, expect, test } from "bun:test";
import { makeTempDir } from "../../test/support/temp-dir.ts";
import type { Contestant } from "./contestant.ts";
import { buildDriver } from "./driver.ts";
import { tryAll } from "./entrant.ts";

const directory = makeTempDir();
afterAll(() => directory[Symbol.dispose]());
const context = { driver: buildDriver(directory.path), directory: "/", environment: { PATH: "/usr/bin:/bin" } };

function contestant(name: string, runsJobs: boolean, ...command: readonly string[]): Contestant {
  return { name, what: "", runsJobs, work: (job) => ({ kind: "spawn", command: command.length > 0 ? command : job }) };
}

test("only what tells a job that fails from one that succeeds is measured", async () => {
  const honest = contestant("honest", true);
  const yardstick = contestant("yardstick", false, "/bin/true");
  const { entrants, missing } = await tryAll(context, [
    honest,
    yardstick,
    contestant("deaf", true, "/bin/true"),
    contestant("broken", true, "/bin/sh", "-c", "echo because >&2; exit 1"),
    { name: "absent", reason: "not installed" },
  ]);
  expect(entrants).toEqual([
    { contestant: honest, work: { kind: "spawn", command: ["/bin/true"] }, estimateMs: expect.any(Number) },
    { contestant: yardstick, work: { kind: "spawn", command: ["/bin/true"] }, estimateMs: expect.any(Number) },
  ]);
  expect(missing).toEqual([
    { name: "deaf", reason: "it says of a job that fails that it succeeded" },
    { name: "broken", reason: "because; exit code 1" },
    { name: "absent", reason: "not installed" },
  ]);
});
