import { describe, expect, test } from "bun:test";
import type { Grant } from "../../src/model/job.ts";
import { CupelError } from "../../src/model/error.ts";
import { kernelMountsWithin, parseKernelMounts } from "../../src/run/kernel-mounts.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const mountinfo = [
  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "23 22 0:21 / /proc rw,nosuid shared:12 - proc proc rw",
  "24 22 0:22 / /srv/chroot/proc rw - proc proc rw",
  "25 22 0:23 / /srv/chroot/sys rw,relatime master:7 propagate_from:2 - sysfs sysfs rw",
  String.raw`26 22 0:24 / /srv/a\040b\134c rw - cgroup2 cgroup rw`,
  "27 22 0:25 / /srv/chroot/tmp rw - tmpfs proc rw",
  "28 22 0:26 / /srv/chrooted/proc rw - proc proc rw",
  "29 22 0:27 /proc /srv/data rw - ext4 /dev/sdb1 rw",
  "",
].join("\n");

const host = createFixtureHost({ files: { "/proc/self/mountinfo": mountinfo } });

function within(...paths: readonly string[]): string[] {
  return kernelMountsWithin(
    paths.map((path): Grant => ({ path, access: "read" })),
    host,
  );
}

describe("parseKernelMounts", () => {
  test("gives mount points by their type, whatever is mounted from where", () =>
    expect(parseKernelMounts(mountinfo)).toEqual([
      "/proc",
      "/srv/chroot/proc",
      "/srv/chroot/sys",
      String.raw`/srv/a b\c`,
      "/srv/chrooted/proc",
    ]));

  test("gives none for nothing", () => expect(parseKernelMounts("")).toEqual([]));
});

describe("kernelMountsWithin", () => {
  test("gives those that lie in a grant", () => {
    expect(within("/srv/chroot")).toEqual(["/srv/chroot/proc", "/srv/chroot/sys"]);
    expect(within("/srv/chroot", "/srv/chrooted")).toEqual([
      "/srv/chroot/proc",
      "/srv/chroot/sys",
      "/srv/chrooted/proc",
    ]);
    expect(within("/srv/data", "/home")).toEqual([]);
  });

  test.each(["/srv/chroot/proc", "/srv/chroot/proc/1", "/srv/chroot/sys/kernel"])("refuses %s", (path) => {
    const around = /^\/srv\/chroot\/\w+/.exec(path)?.[0] ?? "";
    expect(() => within("/srv/data", path)).toThrow(
      new CupelError(
        "usage",
        `${path} lies in ${around}, a file system of the kernel's own, which no job is granted; leave it out`,
      ),
    );
  });

  test("gives none where the kernel does not say", () =>
    expect(kernelMountsWithin([{ path: "/srv", access: "read" }], createFixtureHost({}))).toEqual([]));
});
