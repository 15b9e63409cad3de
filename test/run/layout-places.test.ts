import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { plainLayout } from "../../src/model/layout.ts";
import { layoutRefusal } from "../support/laid-out-job.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function makeProject(): TempDir & { readonly project: string } {
  const directory = makeTempDir();
  const project = directory.folder("project");
  directory.folder("project/cache");
  directory.file("project/file");
  symlinkSync("cache", directory.at("project/link"));
  return { ...directory, project };
}

describe("files and directories of a job's root", () => {
  test("can be where nothing of the host's is", async () => {
    using place = makeProject();
    const files = ["/opt/a/b=1", "/etc/hosts=2", "/tmp/c=3", "/etc/localtime=4", "/scratch/d=5", "/var/tmp/e=6"];
    const tmpfs = ["/scratch:1M", `${place.project}/cache`, "/tmp/deep", "/usr/share"];
    expect(await layoutRefusal({ files, tmpfs }, place.project)).toEqual({
      ...plainLayout,
      files: files.map((text) => ({ path: text.slice(0, -2), content: text.slice(-1) })),
      directories: [
        { path: "/scratch", sizeBytes: 1024 ** 2 },
        { path: `${place.project}/cache` },
        { path: "/tmp/deep" },
        { path: "/usr/share" },
      ],
    });
  });

  test.each<[string, object, string]>([
    [
      "a file of the host's",
      { files: ["P/new=1"] },
      "--file P/new lies in P, which is the host's, and would have to be made there; take a path outside of what is shown of the host",
    ],
    [
      "a file over the host's",
      { files: ["/usr/bin/env=1"] },
      "--file /usr/bin/env lies in /usr, which is the host's, and would have to be made there; take a path outside of what is shown of the host",
    ],
    [
      "a file in configuration",
      { files: ["/etc/ssl/x=1"] },
      "--file /etc/ssl/x lies in /etc/ssl, which is the host's, and would have to be made there; take a path outside of what is shown of the host",
    ],
    [
      "a directory that is not there",
      { tmpfs: ["P/new"] },
      "--tmpfs P/new lies in P, which is the host's, and is no directory there; make it, or take a path outside of what is shown of the host",
    ],
    [
      "a directory over a file",
      { tmpfs: ["P/file"] },
      "--tmpfs P/file lies in P, which is the host's, and is no directory there; make it, or take a path outside of what is shown of the host",
    ],
    [
      "a directory over a link",
      { tmpfs: ["P/link"] },
      "--tmpfs P/link lies in P, which is the host's, and is no directory there; make it, or take a path outside of what is shown of the host",
    ],
    ["the workspace itself", { tmpfs: ["P"] }, "--tmpfs P would cover P, which every job has; take another path"],
    [
      "a grant itself",
      { tmpfs: ["/var/tmp"], read: ["/var/tmp"], workspace: "none" },
      "--tmpfs /var/tmp is given as something else, too; leave one of them out",
    ],
    [
      "the kernel's",
      { files: ["/proc/x=1"] },
      "--file /proc/x lies under /proc, of which every job has its own; leave it out",
    ],
    [
      "the devices",
      { tmpfs: ["/dev/shm"] },
      "--tmpfs /dev/shm lies under /dev, of which every job has its own; leave it out",
    ],
    ["the job's own", { tmpfs: ["/tmp"] }, "--tmpfs /tmp would cover /tmp, which every job has; take another path"],
    [
      "what holds the home",
      { files: ["/home=1"] },
      "--file /home would cover /home/job, which every job has; take another path",
    ],
    [
      "what holds another",
      { files: ["/a=1", "/a/b=2"] },
      "--file /a is where /a/b lies, and cannot be a file; take another path",
    ],
    [
      "a directory in a file",
      { files: ["/a=1"], tmpfs: ["/a/b"] },
      "--file /a is where /a/b lies, and cannot be a file; take another path",
    ],
    [
      "both at once",
      { files: ["/a=1"], tmpfs: ["/a"] },
      "--file /a is given as something else, too; leave one of them out",
    ],
    ["one twice", { tmpfs: ["/a", "/a:1M"] }, "--tmpfs /a is given as something else, too; leave one of them out"],
    [
      "too many",
      { tmpfs: Array.from({ length: 33 }, (_, index) => `/a${index}`) },
      "--tmpfs: 33 are asked for, and at most 32 can be",
    ],
  ])("cannot be %s", async (_, parts, message) => {
    using place = makeProject();
    const inProject = (text: string): string => text.replaceAll(/\bP(?=[/ ,]|$)/g, place.project);
    const own = JSON.parse(JSON.stringify(parts), (_key, value: unknown) =>
      typeof value === "string" ? inProject(value) : value,
    ) as object;
    expect(await layoutRefusal(own, place.project)).toBe(inProject(message));
  });
});
