import { expect, test } from "bun:test";
import { findProgram } from "../../src/probes/_program.ts";
import programs from "../../src/probes/programs.ts";
import { createFixtureContext, createFixtureHost, exited, type FixtureHostParts } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function find(host: FixtureHostParts): Promise<string> {
  return printFindings(await programs.run(createFixtureContext({ host, helpers: {} })));
}

test("says what is there, and that this is no capability", async () => {
  const host = { programs: { "/usr/bin/qemu-system-x86_64": "QEMU emulator version 7.2.22\n" } };
  expect(await find(host)).toMatchInlineSnapshot(`
    "
    program.qemu: works (declared) = /usr/bin/qemu-system-x86_64
      /usr/bin/qemu-system-x86_64: QEMU emulator version 7.2.22; what it can do here: not tried
      | look for qemu-system-x86_64 in PATH -> /usr/bin/qemu-system-x86_64
      | run /usr/bin/qemu-system-x86_64 --version -> exit 0: QEMU emulator version 7.2.22
    program.fuse-overlayfs: absent (exercised)
      not installed
      | look for fuse-overlayfs in PATH -> not there
      ! package-missing: no fuse-overlayfs in PATH
    "
  `);
});

test("QEMU is looked for by this machine's name", async () => {
  expect(await find({ architecture: "arm64" })).toContain("no qemu-system-aarch64 in PATH");
});

test("does not wait for a program that hangs, and believes none that says nothing", async () => {
  const host = {
    programs: {
      "/usr/bin/qemu-system-x86_64": { status: "timeout", stdout: "", stderr: "", durationMs: 1500 } as const,
      "/usr/bin/fuse-overlayfs": exited(0, ""),
    },
  };
  expect(await find(host)).toMatchInlineSnapshot(`
    "
    program.qemu: unknown (inferred)
      /usr/bin/qemu-system-x86_64 did not say its version: no end after 1500 ms; killed
      | look for qemu-system-x86_64 in PATH -> /usr/bin/qemu-system-x86_64
      | run /usr/bin/qemu-system-x86_64 --version -> no end after 1500 ms; killed
    program.fuse-overlayfs: broken (exercised)
      /usr/bin/fuse-overlayfs does not say its version: exit 0
      | look for fuse-overlayfs in PATH -> /usr/bin/fuse-overlayfs
      | run /usr/bin/fuse-overlayfs --version -> exit 0
    "
  `);
});

test.each([
  ["/home/ada/project", "/home/ada", undefined],
  ["/home/ada", "/home/ada", "/home/ada/project/tool"],
  ["/home", "/home/ada", "/home/ada/project/tool"],
  ["/", "/home/ada", "/home/ada/project/tool"],
  ["/home/ada/proj", "/home/ada", "/home/ada/project/tool"],
])("from %s with the home %s, a program of the workspace's: %p", (directory, home, path) => {
  const host = createFixtureHost({
    directory,
    environment: { HOME: home },
    programs: { "/home/ada/project/tool": "" },
  });
  expect(findProgram(host, "tool").path).toBe(path);
});
