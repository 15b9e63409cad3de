import { expect, test } from "bun:test";
import programs from "../../src/probes/programs.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("says what is there, and that this is no capability", async () => {
  expect(printFindings(await programs.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    program.bwrap: works (declared) = /usr/bin/bwrap
      /usr/bin/bwrap: bubblewrap 0.8.0; present, what it can do here was not tried
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0: bubblewrap 0.8.0
    program.podman: absent (exercised)
      not installed
      | look for podman in PATH -> not there
      ! package-missing: no podman in PATH
    program.docker: works (declared) = /usr/local/bin/docker
      /usr/local/bin/docker: Docker version 28.2.2, build e6534b4; present, what it can do here was not tried
      | look for docker in PATH -> /usr/local/bin/docker
      | run /usr/local/bin/docker --version -> exit 0: Docker version 28.2.2, build e6534b4
    program.runc: absent (exercised)
      not installed
      | look for runc in PATH -> not there
      ! package-missing: no runc in PATH
    program.crun: absent (exercised)
      not installed
      | look for crun in PATH -> not there
      ! package-missing: no crun in PATH
    program.runsc: absent (exercised)
      not installed
      | look for runsc in PATH -> not there
      ! package-missing: no runsc in PATH
    program.qemu: absent (exercised)
      not installed
      | look for qemu-system-x86_64 in PATH -> not there
      ! package-missing: no qemu-system-x86_64 in PATH
    program.newuidmap: works (declared) = /usr/bin/newuidmap
      /usr/bin/newuidmap: set-uid root; present, what it can do here was not tried
      | look for newuidmap in PATH -> /usr/bin/newuidmap
      | stat /usr/bin/newuidmap -> mode 4755, owner 0
    program.pasta: absent (exercised)
      not installed
      | look for pasta in PATH -> not there
      ! package-missing: no pasta in PATH
    program.slirp4netns: absent (exercised)
      not installed
      | look for slirp4netns in PATH -> not there
      ! package-missing: no slirp4netns in PATH
    program.fuse-overlayfs: absent (exercised)
      not installed
      | look for fuse-overlayfs in PATH -> not there
      ! package-missing: no fuse-overlayfs in PATH
    program.systemd-run: works (declared) = /usr/bin/systemd-run
      /usr/bin/systemd-run: systemd 252 (252.38-1~deb12u1); present, what it can do here was not tried
      | look for systemd-run in PATH -> /usr/bin/systemd-run
      | run /usr/bin/systemd-run --version -> exit 0: systemd 252 (252.38-1~deb12u1)
    "
  `);
});

test("does not wait for a program that hangs", async () => {
  expect(printFindings(await programs.run(createFixtureContext(fixtures.wsl)))).toMatchInlineSnapshot(`
    "
    program.bwrap: absent (exercised)
      not installed
      | look for bwrap in PATH -> not there
      ! package-missing: no bwrap in PATH
    program.podman: unknown (inferred)
      /usr/bin/podman did not say its version: no end after 1500 ms; killed
      | look for podman in PATH -> /usr/bin/podman
      | run /usr/bin/podman --version -> no end after 1500 ms; killed
    program.docker: absent (exercised)
      not installed
      | look for docker in PATH -> not there
      ! package-missing: no docker in PATH
    program.runc: absent (exercised)
      not installed
      | look for runc in PATH -> not there
      ! package-missing: no runc in PATH
    program.crun: absent (exercised)
      not installed
      | look for crun in PATH -> not there
      ! package-missing: no crun in PATH
    program.runsc: absent (exercised)
      not installed
      | look for runsc in PATH -> not there
      ! package-missing: no runsc in PATH
    program.qemu: absent (exercised)
      not installed
      | look for qemu-system-x86_64 in PATH -> not there
      ! package-missing: no qemu-system-x86_64 in PATH
    program.newuidmap: absent (exercised)
      not installed
      | look for newuidmap in PATH -> not there
      ! package-missing: no newuidmap in PATH
    program.pasta: absent (exercised)
      not installed
      | look for pasta in PATH -> not there
      ! package-missing: no pasta in PATH
    program.slirp4netns: absent (exercised)
      not installed
      | look for slirp4netns in PATH -> not there
      ! package-missing: no slirp4netns in PATH
    program.fuse-overlayfs: absent (exercised)
      not installed
      | look for fuse-overlayfs in PATH -> not there
      ! package-missing: no fuse-overlayfs in PATH
    program.systemd-run: absent (exercised)
      not installed
      | look for systemd-run in PATH -> not there
      ! package-missing: no systemd-run in PATH
    "
  `);
});

test("does not believe a program that says nothing", async () => {
  expect(printFindings(await programs.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    program.bwrap: broken (exercised)
      /usr/bin/bwrap does not say its version: exit 0
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0
    program.podman: absent (exercised)
      not installed
      | look for podman in PATH -> not there
      ! package-missing: no podman in PATH
    program.docker: absent (exercised)
      not installed
      | look for docker in PATH -> not there
      ! package-missing: no docker in PATH
    program.runc: broken (exercised)
      /opt/bin/runc does not say its version: exit 1: runc: bad
      | look for runc in PATH -> /opt/bin/runc
      | run /opt/bin/runc --version -> exit 1: runc: bad
    program.crun: absent (exercised)
      not installed
      | look for crun in PATH -> not there
      ! package-missing: no crun in PATH
    program.runsc: absent (exercised)
      not installed
      | look for runsc in PATH -> not there
      ! package-missing: no runsc in PATH
    program.qemu: absent (exercised)
      not installed
      | look for qemu-system-x86_64 in PATH -> not there
      ! package-missing: no qemu-system-x86_64 in PATH
    program.newuidmap: absent (exercised)
      not installed
      | look for newuidmap in PATH -> not there
      ! package-missing: no newuidmap in PATH
    program.pasta: absent (exercised)
      not installed
      | look for pasta in PATH -> not there
      ! package-missing: no pasta in PATH
    program.slirp4netns: absent (exercised)
      not installed
      | look for slirp4netns in PATH -> not there
      ! package-missing: no slirp4netns in PATH
    program.fuse-overlayfs: absent (exercised)
      not installed
      | look for fuse-overlayfs in PATH -> not there
      ! package-missing: no fuse-overlayfs in PATH
    program.systemd-run: absent (exercised)
      not installed
      | look for systemd-run in PATH -> not there
      ! package-missing: no systemd-run in PATH
    "
  `);
});
