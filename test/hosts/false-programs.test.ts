/** Programs that are not what they are called: found by the real host, run for real. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import type { ProbeContext } from "../../src/probes/_probe.ts";
import bubblewrap from "../../src/probes/bubblewrap.ts";
import docker from "../../src/probes/docker.ts";
import gvisor from "../../src/probes/gvisor.ts";
import runtimes from "../../src/probes/oci-runtimes.ts";
import podman from "../../src/probes/podman.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

let directory: TempDir;
let context: ProbeContext;
const path = process.env["PATH"];

beforeEach(() => {
  directory = makeTempDir();
  directory.folder("bin");
  process.env["PATH"] = `${directory.at("bin")}:${path ?? ""}`;
  const host = createRealHost();
  context = { host, helpers: createNativeHelpers(host, [directory.at("state")]), deep: false };
});

afterEach(() => {
  process.env["PATH"] = path;
  directory[Symbol.dispose]();
});

function place(name: string, script: string): string {
  return directory.file(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
}

/** Whether this process still runs: one that is dead and not buried does not. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/status`) && !readFileSync(`/proc/${pid}/status`, "utf8").includes("State:\tZ");
}

function writtenNumber(name: string): number {
  return Number(readFileSync(directory.at(name), "utf8"));
}

test("a bwrap that ends well and says nothing is broken", async () => {
  const file = place("bwrap", "exit 0");
  const found = (await bubblewrap.run(context))["program.bwrap"];
  expect(found).toMatchObject({ state: "broken", summary: `${file} does not say its version: exit 0` });
});

const runsWhatFollows = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';

test("a bwrap that says a version and isolates nothing is broken", async () => {
  place("bwrap", `case $1 in --version) echo bubblewrap 9.9.9;; --help) ;; *) ${runsWhatFollows};; esac`);
  const found = (await bubblewrap.run(context))["program.bwrap"];
  expect(found.state).toBe("broken");
  expect(found.summary).toContain(
    "ends well and isolates too little: the network, pid, mount, ipc, uts, user namespace",
  );
});

test("a bwrap that only gives a process a network of its own is broken", async () => {
  const script = runsWhatFollows.replace("exec", "exec unshare --user --net --");
  place("bwrap", `case $1 in --version) echo bubblewrap 9.9.9;; --help) ;; *) ${script};; esac`);
  const found = (await bubblewrap.run(context))["program.bwrap"];
  expect(found.state).toBe("broken");
  expect(found.summary).toContain("isolates too little: the pid, mount, ipc, uts namespace inside is the one outside");
});

test("a bwrap that ends well and runs nothing is broken", async () => {
  place("bwrap", "[ $1 = --version ] && echo bubblewrap 9.9.9; exit 0");
  const found = (await bubblewrap.run(context))["program.bwrap"];
  expect(found.summary).toContain("ends well, but what it was to run did not run");
});

test("a bwrap that cannot make a sandbox is blocked, and says why", async () => {
  place("bwrap", "case $1 in --version) echo bubblewrap 9.9.9;; *) echo 'bwrap: No such luck' >&2; exit 1;; esac");
  const found = (await bubblewrap.run(context))["program.bwrap"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "unknown" }] });
  expect(found.summary).toContain("bwrap: No such luck");
});

test("a runc and a runsc that run what they are told to where they are, are broken", async () => {
  const version = '[ "$1" = --version ] && { echo runs version 1.0; exit; }; [ "$1" = flags ] && exit 1';
  const prober = directory.at("state/root/prober");
  place("runc", `${version}; case "$*" in *" run "*) exec ${prober} inside;; esac; exit 1`);
  place("runsc", `${version}; while [ "$1" != do ]; do shift; done; shift; exec "$@"`);
  expect((await runtimes.run(context))["runc.run"].summary).toContain(
    "runc ends well and isolates too little: the pid",
  );
  expect((await gvisor.run(context))["gvisor.run"].summary).toBe(
    "runsc ends well and isolates too little: the kernel inside is the one outside",
  );
});

test("a podman that hangs at its version is unknown, and is not left running", async () => {
  place("podman", `echo $$ > ${directory.at("pid")}; sleep 600 & wait`);
  const found = await podman.run(context);
  expect(found["program.podman"].state).toBe("unknown");
  expect(found["podman.run"].state).toBe("unknown");
  await until("podman ends", () => !isRunning(writtenNumber("pid")));
}, 20_000);

test("a podman that hangs later is unknown, and what it left in a session of its own is gone too", async () => {
  const left = `setsid sh -c 'echo $$ > ${directory.at("left")}; exec sleep 600' &`;
  place("podman", `[ "$1" = --version ] && { echo podman version 9.9.9; exit; }\n${left}\nsleep 600`);
  const found = await podman.run(context);
  expect(found["program.podman"].state).toBe("works");
  expect(found["podman.info"].state).toBe("unknown");
  expect(found["podman.run"].state).toBe("unknown");
  expect(isRunning(writtenNumber("left"))).toBe(false);
}, 30_000);

test("a docker that floods is unknown, and is stopped", async () => {
  place("docker", '[ "$1" = --version ] && { echo Docker version 9.9.9; exit; }; exec yes');
  const found = await docker.run(context);
  expect(found["docker.engine"].state).toBe("unknown");
}, 30_000);
