import { expect, test } from "bun:test";
import gvisor, { parsePlatform } from "../../src/probes/gvisor.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript, type InsideSteps } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

const flags =
  '  -platform string\n    \tspecifies which platform to use: systrap (default), kvm. (default "systrap")\n';

const itsKernel: InsideSteps = {
  line: { text: "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016?" },
  "kernel-log": { text: "<6>[   0.000000] Starting gVisor...?" },
  "root-write": {},
};

async function find(ran: string | ReturnType<typeof exited>, host: FixtureHostParts = {}) {
  const programs = {
    "/usr/bin/runsc": ran,
    "/usr/bin/runsc --version": "runsc version release-20260101.0\nspec: 1.1.0-rc.1\n",
    "/usr/bin/runsc flags": flags,
  };
  const helpers = { transcripts: { ...asUser, outside: outsideTranscript } };
  return gvisor.run(createFixtureContext({ host: { programs, ...host }, helpers }));
}

test("works where the kernel inside says that it is gVisor's", async () => {
  expect(printFindings(await find(insideOutput(itsKernel)))).toMatchInlineSnapshot(`
    "
    program.runsc: works (declared) = /usr/bin/runsc
      /usr/bin/runsc: runsc version release-20260101.0; what it can do here: gvisor.run
      | look for runsc in PATH -> /usr/bin/runsc
      | run /usr/bin/runsc --version -> exit 0: runsc version release-20260101.0
    gvisor.run: works (enforced) = systrap
      runsc: ran on a kernel of its own (systrap), without a network; control groups were ignored
      | look for runsc in PATH -> /usr/bin/runsc
      | run /usr/bin/runsc --version -> exit 0: runsc version release-20260101.0
      | platforms, by \`runsc flags\` -> specifies which platform to use: systrap (default), kvm. (default "systrap")
      | /proc/version outside -> Linux version 6.18.44-fc-v669
      | /proc/version inside -> Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016
      | the kernel's log inside -> <6>[   0.000000] Starting gVisor...
      | runsc --rootless --network=none --ignore-cgroups do prober -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> ok
    "
  `);
});

test.each([
  [{ line: { text: "Linux version 6.18.44-fc-v669" } }, "the kernel inside is the one outside"],
  [{ "kernel-log": { errno: 1 } }, "the kernel inside is not gVisor's"],
  [{ interfaces: { text: "lo eth0" } }, "it has the interfaces lo eth0"],
  [{ read: { errno: 2 } }, "what should be visible cannot be read (ENOENT)"],
] as const)("is broken with %j", async (differences, lack) => {
  const found = (await find(insideOutput({ ...itsKernel, ...differences })))["gvisor.run"];
  expect(found).toMatchObject({ state: "broken", summary: `runsc ends well and isolates too little: ${lack}` });
});

test("says what fails on a kernel that does not know what coreutils ask for", async () => {
  const summaryOf = async (steps: InsideSteps) =>
    (await find(insideOutput({ ...itsKernel, ...steps })))["gvisor.run"].summary;
  const plain = await summaryOf({});
  expect(await summaryOf({ automount: {} })).toBe(plain);
  expect(await summaryOf({ automount: { errno: 22 } })).toBe(
    `${plain}; ls(1) and stat(1) fail on it (statx with AT_NO_AUTOMOUNT: EINVAL)`,
  );
});

test("root goes without --rootless", async () => {
  const { evidence } = (await find(insideOutput(itsKernel), { uid: 0 }))["gvisor.run"];
  expect(evidence.map(({ action }) => action)).toContain("runsc --network=none --ignore-cgroups do prober");
});

test("is unknown where it hangs, blocked where it says why", async () => {
  const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 6000 } as const;
  expect((await find(hung as never))["gvisor.run"].state).toBe("unknown");
  const denied = await find(
    exited(128, "", "FATAL ERROR: cannot set up namespace: fork/exec: no space left on device"),
  );
  expect(denied["gvisor.run"].state).toBe("blocked");
});

test("is the file that a link leads to, which is what a sandbox can be shown", async () => {
  const files = { "/usr/bin/runsc": { link: "/opt/gvisor/runsc" } } as const;
  expect((await find(insideOutput(itsKernel), { files }))["program.runsc"].value).toBe("/opt/gvisor/runsc");
  expect((await find(insideOutput(itsKernel)))["program.runsc"].value).toBe("/usr/bin/runsc");
});

test("is absent where it is not installed", async () => {
  const found = await find("", { programs: {} });
  expect(found["gvisor.run"]).toMatchObject({ state: "absent", blockers: [{ detail: "no runsc in PATH" }] });
});

test("knows the platform by the flag's own words", () => {
  expect(parsePlatform(flags)).toEqual({
    chosen: "systrap",
    all: 'specifies which platform to use: systrap (default), kvm. (default "systrap")',
  });
  expect(parsePlatform("flags: none")).toBeUndefined();
});
