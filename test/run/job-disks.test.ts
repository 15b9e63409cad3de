import { describe, expect, test } from "bun:test";
import type { Job } from "../../src/model/job.ts";
import { mountsOf, parseMounts, withDisks } from "../../src/run/job-disks.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { createFixtureHost } from "../support/fixture-host.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const mountinfo = [
  "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
  "23 22 0:21 / /proc rw - proc proc rw",
  "24 22 8:17 / /srv rw - vfat /dev/sdb1 rw",
  "25 22 0:30 / /home rw - btrfs /dev/sdc rw",
  "26 22 8:33 / /data rw - ext4 /dev/sdc1 rw",
  String.raw`27 26 0:31 / /data/a\040b rw - tmpfs none rw`,
  "28 26 0:32 / /data/chroot/proc rw - proc proc rw",
  "29 22 0:33 / /mem rw - tmpfs none rw",
  "30 26 0:34 / /data/net rw - nfs4 server:/ rw",
  "31 29 0:35 / /mem rw - tmpfs none rw",
].join("\n");

const disks = Object.fromEntries(
  [
    ["8:1", "8:0"],
    ["8:17", "8:16"],
    ["8:33", "8:32"],
  ].flatMap(([partition, disk]) => [
    [`/sys/dev/block/${partition}/dev`, `${partition}\n`],
    [`/sys/dev/block/${partition}/partition`, "1\n"],
    [`/sys/dev/block/${partition}/../dev`, `${disk}\n`],
  ]),
);

const host = createFixtureHost({ files: { "/proc/self/mountinfo": mountinfo, "/usr/bin/true": "", ...disks } });

const rates = { ioReadBytes: 1, ioWriteBytes: 2 } as const;

function disksOf(parts: Partial<Job>, caps: Partial<Job["limits"]> = rates): unknown {
  try {
    const job = jobOf({ workspace: { mode: "ro", path: "/mem/w" }, ...parts, limits: { graceMs: 1, ...caps } });
    return withDisks(job, host, []).limits.disks;
  } catch (error) {
    return String(error);
  }
}

describe("mountsOf", () => {
  const mounts = parseMounts(mountinfo);
  const at = (path: string): string[] => mountsOf(path, mounts).map(({ point, device }) => `${point} ${device}`);

  test("gives what shows a path, the last where several do, and what lies below it but the kernel's own", () => {
    expect(at("/usr")).toEqual(["/ 8:1"]);
    expect(at("/srv/x")).toEqual(["/srv 8:17"]);
    expect(at("/mem/x")).toEqual(["/mem 0:35"]);
    expect(at("/data")).toEqual(["/data 8:33", "/data/a b 0:31", "/data/net 0:34"]);
    expect(mountsOf("/x", [])).toEqual([]);
  });
});

describe("withDisks", () => {
  test("gives the whole disks of programs, workspace and grants, each once", () => {
    expect(disksOf({})).toEqual(["8:0"]);
    expect(disksOf({ workspace: { mode: "ro", path: "/srv/w" } })).toEqual(["8:0", "8:16"]);
    expect(
      disksOf({
        grants: [
          { path: "/data/x", access: "read" },
          { path: "/opt", access: "read" },
        ],
      }),
    ).toEqual(["8:0", "8:32"]);
    expect(disksOf({ workspace: { mode: "empty", why: "" } })).toEqual(["8:0"]);
  });

  test("refuses what has no disk that is known", () => {
    expect(disksOf({ grants: [{ path: "/home/x", access: "read" }] })).toBe(
      "CupelError: --io-read cannot be kept: /home/x lies on /home (btrfs), of which the kernel does not say on which disk it lies; leave the cap out",
    );
    expect(disksOf({ grants: [{ path: "/data", access: "read" }] }, { ioWriteBytes: 1 })).toBe(
      "CupelError: --io-write cannot be kept: /data lies on /data/net (nfs4), of which the kernel does not say on which disk it lies; leave the cap out",
    );
  });

  test("refuses to cap writing where files are there before the job", () => {
    const parts = { grants: [{ path: "/srv", access: "write" }] } as const;
    const why = "files that are there before the job do not count as its own; leave one of the two out";
    const through = `CupelError: --io-write cannot be kept for what is written through (--workspace rw, --write): ${why}`;
    expect(disksOf(parts)).toBe(through);
    expect(disksOf(parts, { ioReadBytes: 1 })).toEqual(["8:0", "8:16"]);
    expect(disksOf({ workspace: { mode: "rw", path: "/srv/w" } })).toBe(through);
    const copy = { mode: "cow", path: "/srv/w", manner: "copy", isStated: true, ignore: [], apply: "never" } as const;
    expect(disksOf({ workspace: copy })).toBe(
      `CupelError: --io-write cannot be kept for the copy that this workspace would be: ${why}`,
    );
    expect(disksOf({ workspace: { ...copy, isStated: false } })).toEqual(["8:0", "8:16"]);
  });

  test("refuses to cap what is written to a layer whose file system does not tell whose it is", () => {
    using directory = makeTempDir();
    const overlay = { mode: "cow", path: "/w", manner: "overlay", isStated: true, ignore: [], apply: "never" } as const;
    const job = jobOf({ workspace: overlay, limits: { graceMs: 1, ...rates } });
    const on = (type: string): unknown => {
      const text = `22 1 8:1 / / rw - ext4 a rw\n23 22 8:17 / ${directory.path} rw - ${type} b rw`;
      const files = { "/proc/self/mountinfo": text, "/usr/bin/true": "", ...disks };
      const mounted = createFixtureHost({ files, uid: process.geteuid?.() ?? -1 });
      try {
        return withDisks(job, mounted, [directory.folder("state", 0o700)]).limits.disks;
      } catch (error) {
        return String(error);
      }
    };
    expect(on("xfs")).toEqual(["8:0", "8:16"]);
    expect(on("vfat")).toBe(
      `CupelError: --io-write cannot be kept: ${directory.at("state")} lies on ${directory.path} (vfat), which does not tell the kernel who has written what; leave the cap out`,
    );
  });

  test("refuses where all is in memory", () => {
    const job = jobOf({ workspace: { mode: "ro", path: "/mem/w" }, limits: { graceMs: 1, ioReadBytes: 1 } });
    const inMemory = createFixtureHost({ files: { "/proc/self/mountinfo": "22 1 0:2 / / rw - rootfs none rw" } });
    expect(() => withDisks(job, inMemory, [])).toThrow("all that this job reaches is in memory");
  });
});
