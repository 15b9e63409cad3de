import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { useContainerRoot, useEnginePlace, withRootArchive } from "../../src/launch/container-root.ts";
import { originalHelper } from "../../src/launch/helper-file.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;

let directory: TempDir;
let state: string;

beforeEach(() => {
  directory = makeTempDir();
  state = directory.at("state");
});

afterEach(() => directory[Symbol.dispose]());

describe("useContainerRoot", () => {
  test("makes a root with the prober and empty mount points, whatever the umask", () => {
    const before = process.umask(0o077);
    expect(useContainerRoot(state, uid)).toEqual({ ok: true, path: `${state}/root` });
    process.umask(before);
    expect(readdirSync(`${state}/root`).toSorted()).toEqual([
      "dev",
      "etc",
      "prober",
      "proc",
      "run",
      "sys",
      "tmp",
      "var",
    ]);
    expect(readFileSync(`${state}/root/prober`).equals(originalHelper("prober").bytes)).toBe(true);
    expect(statSync(`${state}/root/prober`).mode & 0o7777).toBe(0o555);
    expect(statSync(`${state}/root/proc`).mode & 0o7777).toBe(0o755);
    expect(statSync(`${state}/root/tmp`).mode & 0o7777).toBe(0o1777);
  });

  test("a prober that is another byte somewhere is written again; one that is right is left", () => {
    useContainerRoot(state, uid);
    const first = statSync(`${state}/root/prober`).ino;
    useContainerRoot(state, uid);
    expect(statSync(`${state}/root/prober`).ino).toBe(first);
    chmodSync(`${state}/root/prober`, 0o755);
    writeFileSync(`${state}/root/prober`, "#!/bin/sh\n");
    useContainerRoot(state, uid);
    expect(readFileSync(`${state}/root/prober`).equals(originalHelper("prober").bytes)).toBe(true);
  });

  test("says why a directory will not do", () => {
    directory.folder("state", 0o777);
    expect(useContainerRoot(state, uid)).toEqual({ ok: false, reason: `${state} can be changed by others` });
    directory.file("file");
    expect(useContainerRoot(directory.at("file/state"), uid).ok).toBe(false);
  });
});

describe("useEnginePlace", () => {
  test("makes files and directories beside what is there", () => {
    useEnginePlace(state, uid, "runc", { "config.json": "{}", "run/": "" });
    writeFileSync(`${state}/engines/runc/run/state`, "kept");
    const again = useEnginePlace(state, uid, "runc", { "config.json": '{"other":1}', "run/": "" });
    expect(again).toEqual({ ok: true, path: `${state}/engines/runc` });
    expect(readFileSync(`${state}/engines/runc/config.json`, "utf8")).toBe('{"other":1}');
    expect(existsSync(`${state}/engines/runc/run/state`)).toBe(true);
    expect(readdirSync(`${state}/engines/runc`).toSorted()).toEqual(["config.json", "run"]);
  });

  test("keeps them from everybody else", () => {
    useEnginePlace(state, uid, "podman", { script: "#!/bin/sh\n" });
    expect(statSync(`${state}/engines/podman`).mode & 0o7777).toBe(0o700);
    expect(statSync(`${state}/engines/podman/script`).mode & 0o7777).toBe(0o700);
  });
});

describe("withRootArchive", () => {
  test("has the prober alone in it, and is gone afterwards", async () => {
    const said = await withRootArchive([state], uid, async (archive) => {
      if (!archive.ok) throw new Error(archive.reason);
      return execute(["tar", "--extract", "--verbose", "--file", archive.path, "--directory", directory.path]);
    });
    expect(said).toMatchObject({ code: 0, stdout: "prober\n", stderr: "" });
    expect(readFileSync(directory.at("prober")).equals(originalHelper("prober").bytes)).toBe(true);
    expect(statSync(directory.at("prober")).mode & 0o7777).toBe(0o555);
    expect(readdirSync(`${state}/engines/docker`)).toEqual([]);
  });

  test("is gone where its use fails, too, and leaves another's", async () => {
    const failing = withRootArchive([state], uid, () => {
      writeFileSync(`${state}/engines/docker/root-other.tar`, "");
      return Promise.reject(new Error("no"));
    });
    expect(await failing.catch((error: unknown) => (error as Error).message)).toBe("no");
    expect(readdirSync(`${state}/engines/docker`)).toEqual(["root-other.tar"]);
  });

  test("goes where it can, and says why there is no place", async () => {
    const open = directory.folder("open", 0o777);
    const give = (directories: readonly string[]) =>
      withRootArchive(directories, uid, (archive) => Promise.resolve(archive));
    expect(await give([open, state])).toMatchObject({ ok: true });
    expect(await give([open])).toEqual({
      ok: false,
      reason: `no place for an archive: ${open} can be changed by others`,
    });
  });
});
