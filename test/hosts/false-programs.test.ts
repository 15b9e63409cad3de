/** Programs that are not what they are called: found by the real host, run for real. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createRealHost } from "../../src/host/real-host.ts";
import programs from "../../src/probes/programs.ts";
import { createFixtureHelpers } from "../support/fixture-host.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

let directory: TempDir;
const path = process.env["PATH"];

beforeEach(() => {
  directory = makeTempDir();
  process.env["PATH"] = `${directory.path}:${path ?? ""}`;
});

afterEach(() => {
  process.env["PATH"] = path;
  directory[Symbol.dispose]();
});

function place(name: string, script: string): string {
  return directory.file(name, `#!/bin/sh\n${script}\n`, 0o755);
}

function probe() {
  return programs.run({ host: createRealHost(), helpers: createFixtureHelpers({}), deep: false });
}

test("a bwrap that ends well and says nothing is broken", async () => {
  const file = place("bwrap", "exit 0");
  const found = (await probe())["program.bwrap"];
  expect(found).toMatchObject({ state: "broken", summary: `${file} does not say its version: exit 0` });
});

test("a bwrap that says a version and isolates nothing is broken", async () => {
  const file = place(
    "bwrap",
    'case $1 in --version) echo bubblewrap 9.9.9;; *) while [ "$1" != -- ]; do shift; done; shift; exec "$@";; esac',
  );
  const found = (await probe())["program.bwrap"];
  expect(found).toMatchObject({ state: "broken", summary: `${file} ends well and isolates nothing` });
});

test("a bwrap that cannot make a sandbox is blocked, and says why", async () => {
  place("bwrap", "case $1 in --version) echo bubblewrap 9.9.9;; *) echo 'bwrap: No permissions' >&2; exit 1;; esac");
  const found = (await probe())["program.bwrap"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "unknown" }] });
  expect(found.summary).toContain("bwrap: No permissions");
});

test("a podman that hangs is unknown after its deadline, and is not left running", async () => {
  place("podman", `echo $$ > ${directory.path}/pid; sleep 600 & wait`);
  const started = performance.now();
  const found = (await probe())["program.podman"];
  expect(performance.now() - started).toBeLessThan(4000);
  expect(found.state).toBe("unknown");
  const pid = Number(await Bun.file(directory.at("pid")).text());
  // Killed, but perhaps not yet reaped.
  await Bun.sleep(50);
  const status = await Bun.file(`/proc/${pid}/status`).exists();
  expect(status && !(await Bun.file(`/proc/${pid}/status`).text()).includes("State:\tZ")).toBe(false);
});
