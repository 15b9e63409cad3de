import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import type { RootEntry } from "../../src/model/layout.ts";
import { layOut, layoutRefusal } from "../support/laid-out-job.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function makeRoot(): TempDir & { readonly root: string; readonly project: string } {
  const directory = makeTempDir();
  for (const name of ["bin/sh", "etc/app/conf", "etc/passwd", "usr/share/x", "var/lib/y", "tmp/z", "proc/p", "opt/a"])
    directory.file(`root/${name}`);
  symlinkSync("usr/share", directory.at("root/share"));
  return { ...directory, root: directory.at("root"), project: directory.folder("project") };
}

function lines(entries: readonly RootEntry[] = []): string[] {
  return entries.map((entry) => `${entry.kind} ${entry.path}${entry.kind === "link" ? ` ${entry.target}` : ""}`).sort();
}

describe("a directory as the root", () => {
  const usual = [
    "directory /etc",
    "directory /var",
    "link /share usr/share",
    "shown /bin",
    "shown /etc/app",
    "shown /opt",
    "shown /usr",
    "shown /var/lib",
  ];

  test("is shown but for what the job has of its own", async () => {
    using place = makeRoot();
    const { layout, hidden } = await layOut({ root: `dir:${place.root}`, workspace: "none" }, place.project);
    expect({ source: layout.root?.source, entries: lines(layout.root?.entries), hidden }).toEqual({
      source: place.root,
      entries: usual,
      hidden: [],
    });
  });

  test("is opened where something else lies in it", async () => {
    using place = makeRoot();
    const parts = { root: "dir:../root", workspace: "none", files: ["/opt/b/c=1"], tmpfs: ["/usr/share"] } as const;
    const { layout } = await layOut(parts, place.project);
    expect(lines(layout.root?.entries)).toEqual(
      [
        ...usual.filter((line) => !/ \/(opt|usr)$/.test(line)),
        "directory /opt",
        "directory /usr",
        "shown /opt/a",
      ].sort(),
    );
  });

  test("hides what of it is denied, where the job sees it", async () => {
    using place = makeRoot();
    const parts = { root: "dir:../root", deny: ["../root/opt/a"] };
    expect((await layOut({ ...parts, workspace: "none" }, place.project)).layout.denied).toEqual(["/opt/a"]);
    // Its own place is granted as well.
    expect((await layOut({ ...parts, read: ["../root"] }, place.project)).layout.denied).toEqual([
      "/opt/a",
      place.at("root/opt/a"),
    ]);
  });

  test("is refused where it is none, or stands in the job's way", async () => {
    using place = makeRoot();
    const refusal = (root: string, parts: object = {}): Promise<unknown> =>
      layoutRefusal({ root, ...parts }, place.project);
    symlinkSync("usr", place.at("root/home"));
    const forms =
      "write host, dir:PATH for a directory, image:PATH for an unpacked OCI image, or image:podman:NAME or image:docker:NAME for one of an engine's";
    expect(await refusal("there")).toBe(`--root "there" is no root; ${forms}`);
    expect(await refusal("dir:")).toBe(`--root "dir:" is no root; ${forms}`);
    expect(await refusal("dir:nowhere")).toBe("--root dir: nowhere does not exist; name a path that does");
    expect(await refusal("dir:/")).toBe("--root dir:/ is the host's own root; leave it out");
    expect(await refusal("dir:/proc")).toMatch(/^--root \/proc lies under \/proc/);
    expect(await refusal("dir:../root/bin/sh")).toBe(
      "--root dir:../root/bin/sh is not a directory; name one, such as an unpacked archive",
    );
    expect(await refusal("image:docker:")).toBe(
      "--root image:docker:: that is no name of an image; write one that docker knows, such as alpine:3.20",
    );
    expect(await refusal("dir:../root")).toBe(
      `The root ${place.root}: /home is no directory, and /home/job of the job's would lie in it; choose another root`,
    );
  });

  test("needs a root of the job's own, which is not given up with all else", async () => {
    using place = makeRoot();
    const parts = { root: "dir:../root" };
    const { demands } = await layOut({ ...parts, accept: "all" }, place.project);
    expect([demands.accepted.includes("fs.read"), demands.accepted.includes("fs.write")]).toEqual([false, true]);
    for (const [flag, wish] of Object.entries({
      root: parts,
      deny: { deny: ["/usr"] },
      tmpfs: { tmpfs: ["/a"] },
      file: { files: ["/a=b"] },
    })) {
      expect(await layoutRefusal({ ...wish, accept: ["fs.read"] }, place.project)).toBe(
        `--${flag} needs a root of the job's own, and fs.read, which keeps that, is given up (--accept-missing); leave one of them out`,
      );
    }
    expect((await layOut({ protect: ["x"], accept: "all" }, place.project)).demands.accepted).toContain("fs.read");
  });
});
