import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { artifactCaps, type ArtifactsOutcome, type ArtifactWish } from "../../src/model/artifact.ts";
import { CupelError } from "../../src/model/error.ts";
import { ArtifactStore } from "../../src/run/artifact-store.ts";
import { collectArtifacts, type ArtifactSource } from "../../src/run/collect-artifacts.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { rootCallers } from "../support/tester.ts";
import { readTree } from "../support/tree.ts";

const uid = process.getuid?.() ?? 0;

function collect(
  directory: TempDir,
  globs: readonly string[],
  wished: Partial<ArtifactWish> = {},
  source: Partial<ArtifactSource> = {},
): ArtifactsOutcome {
  const wish = {
    globs,
    directory: directory.at("out"),
    bytesMax: artifactCaps.bytes,
    filesMax: artifactCaps.files,
    isRequired: false,
    ...wished,
  };
  const store = new ArtifactStore(wish.directory);
  const places = { directories: [directory.at("state")], uid };
  const common = { workspace: directory.at("work"), layer: undefined, hidden: [], denied: [], places };
  try {
    return collectArtifacts(wish, store, { ...common, ...source });
  } finally {
    store.close();
  }
}

const paths = ({ files }: ArtifactsOutcome): string[] => files.map(({ path }) => path);
const reasons = ({ refused }: ArtifactsOutcome): string[] => refused.map(({ path, reason }) => `${path}: ${reason}`);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("collectArtifacts", () => {
  test("copies what matches, with its permissions, and says what that was", () => {
    using directory = makeTempDir();
    directory.file("work/dist/a.txt", "one");
    directory.file("work/dist/deep/run", "#!", 0o755);
    directory.file("work/src/main.c", "no");
    directory.file("work/src/test.log", "log", 0o600);
    chmodSync(directory.at("work/dist/deep/run"), 0o6755);
    expect(collect(directory, ["/dist/", "*.log", "none/**"])).toEqual({
      directory: directory.at("out"),
      files: [
        { path: "dist/a.txt", bytes: 3, sha256: sha256("one") },
        { path: "dist/deep/run", bytes: 2, sha256: sha256("#!") },
        { path: "src/test.log", bytes: 3, sha256: sha256("log") },
      ],
      refused: [],
      refusedCount: 0,
      missing: ["none/**"],
    });
    expect(readFileSync(directory.at("out/dist/a.txt"), "utf8")).toBe("one");
    expect(
      ["dist/deep/run", "src/test.log"].map((path) => statSync(directory.at(`out/${path}`)).mode & 0o7777),
    ).toEqual([0o755, 0o600]);
    expect(existsSync(directory.at("out/src/main.c"))).toBe(false);
  });

  test("follows no symlink, and copies nothing that is no file", () => {
    using directory = makeTempDir();
    directory.file("secret/key", "secret");
    directory.file("work/out/real", "1");
    symlinkSync(directory.at("secret/key"), directory.at("work/out/key"));
    symlinkSync(directory.at("secret"), directory.at("work/out/directory"));
    expect(Bun.spawnSync(["mkfifo", directory.at("work/out/fifo")]).exitCode).toBe(0);
    linkSync(directory.at("work/out/real"), directory.at("work/out/same"));
    const outcome = collect(directory, ["out"]);
    expect([paths(outcome), reasons(outcome), outcome.refusedCount]).toEqual([
      ["out/real", "out/same"],
      ["out/directory: symlink", "out/fifo: special", "out/key: symlink"],
      3,
    ]);
    expect(readTree(directory.at("out")).join("\n")).not.toContain("key");
  });

  test("a symlink in the place of a directory leads nowhere", () => {
    using directory = makeTempDir();
    directory.file("secret/key", "secret");
    directory.folder("work");
    symlinkSync(directory.at("secret"), directory.at("work/dist"));
    expect(collect(directory, ["dist/key", "dist/**"])).toMatchObject({ files: [], missing: ["dist/key", "dist/**"] });
  });

  test("keeps to its caps, and says what is over them", () => {
    using directory = makeTempDir();
    for (const name of ["a", "b", "c", "d"]) directory.file(`work/${name}`, "12345");
    expect(reasons(collect(directory, ["?"], { filesMax: 2 }))).toEqual(["c: too-many-files", "d: too-many-files"]);
    expect(reasons(collect(directory, ["?"], { bytesMax: 12 }))).toEqual(["c: too-many-bytes", "d: too-many-bytes"]);
    truncateSync(directory.at("work/a"), 2 ** 42);
    const bomb = collect(directory, ["?"]);
    expect([paths(bomb), reasons(bomb)]).toEqual([["b", "c", "d"], ["a: too-many-bytes"]]);
  });

  test("lists the first hundred that it refused, and counts the others", () => {
    using directory = makeTempDir();
    directory.folder("work");
    for (let count = 0; count < 120; count++) symlinkSync("/etc", directory.at(`work/${count}.log`));
    const { refused, refusedCount } = collect(directory, ["*.log"]);
    expect([refused.length, refusedCount]).toEqual([100, 120]);
  });

  test("refuses a name that is no text", () => {
    using directory = makeTempDir();
    directory.folder("work");
    const made = Bun.spawnSync(["sh", "-c", String.raw`touch "$(printf 'caf\351.log')"`], {
      cwd: directory.at("work"),
    });
    expect(made.exitCode).toBe(0);
    expect(reasons(collect(directory, ["*.log"]))).toEqual(["caf\uFFFD.log: name"]);
  });

  test("writes through nothing that lies in the store, which may lie in the workspace", () => {
    using directory = makeTempDir();
    directory.file("secret/key", "secret");
    for (const name of ["a/x", "b/x", "c/x", "e"]) directory.file(`work/${name}`, name);
    directory.folder("work/out");
    const wish = { directory: directory.at("work/out") };
    symlinkSync(directory.at("secret"), directory.at("work/out/a"));
    directory.folder("work/out/b");
    symlinkSync(directory.at("secret/key"), directory.at("work/out/b/x"));
    directory.folder("work/out/c/x");
    directory.file("work/out/e", "before");
    const outcome = collect(directory, ["x", "e"], wish);
    expect(outcome.files.map(({ path }) => path)).toEqual(["b/x", "e"]);
    expect(outcome.refused).toEqual([
      { path: "a/x", reason: "unwritable", errno: "ENOTDIR" },
      { path: "c/x", reason: "unwritable", errno: "EISDIR" },
    ]);
    expect(readFileSync(directory.at("secret/key"), "utf8")).toBe("secret");
    expect(readTree(directory.at("secret")).length).toBe(1);
    expect(readFileSync(directory.at("work/out/e"), "utf8")).toBe("e");
    expect(paths(collect(directory, ["x", "e"], wish))).toEqual(["b/x", "e"]);
  });

  test("passes over what the job did not see", () => {
    using directory = makeTempDir();
    directory.file("work/state/report.json", "1");
    directory.file("work/a.json", "2");
    expect(paths(collect(directory, ["*.json"], {}, { hidden: [directory.at("work/state")] }))).toEqual(["a.json"]);
  });

  test.each(rootCallers)("takes for root what the job could have read, and no more", () => {
    using directory = makeTempDir();
    directory.file("work/roots", "secret", 0o600);
    directory.file("work/everybodys", "1", 0o644);
    directory.file("work/jobs", "2", 0o600);
    expect(Bun.spawnSync(["chown", "4711", directory.at("work/jobs")]).exitCode).toBe(0);
    const outcome = collect(directory, ["*"], {}, { owners: { host: 4711, layer: 4711 } });
    expect([paths(outcome), reasons(outcome)]).toEqual([["everybodys", "jobs"], ["roots: unreadable"]]);
  });

  test("copies from the directory that was opened, whatever takes its name meanwhile", async () => {
    using directory = makeTempDir();
    directory.file("secret/0", "secret");
    for (let count = 0; count < 200; count++) directory.file(`work/dist/${count}`, "good");
    const swap = `while :; do mv work/dist work/away; ln -s ../secret work/dist; rm work/dist; mv work/away work/dist; done`;
    const swapper = Bun.spawn(["sh", "-c", swap], { cwd: directory.path, stderr: "ignore" });
    try {
      const hashes = new Set<string>();
      for (let round = 0; round < 6; round++)
        for (const file of collect(directory, ["dist"]).files) hashes.add(file.sha256);
      expect([...hashes].filter((hash) => hash !== sha256("good"))).toEqual([]);
    } finally {
      swapper.kill("SIGKILL");
      await swapper.exited;
    }
  });
});

describe("the store", () => {
  test("is refused where nothing can be written", () => {
    using directory = makeTempDir();
    directory.file("file");
    const path = directory.at("file/out");
    expect(() => new ArtifactStore(path)).toThrow(
      new CupelError(
        "usage",
        `--artifacts ${JSON.stringify(path)} cannot be written to (ENOTDIR); name a directory of yours`,
      ),
    );
  });

  test("is the one that was opened, also where a job put another in its place", () => {
    using directory = makeTempDir();
    directory.file("work/a", "1");
    directory.folder("elsewhere");
    const store = new ArtifactStore(directory.at("out"));
    renameSync(directory.at("out"), directory.at("moved"));
    symlinkSync(directory.at("elsewhere"), directory.at("out"));
    const wish = { globs: ["a"], directory: directory.at("out"), bytesMax: 9, filesMax: 9, isRequired: false };
    const places = { directories: [], uid };
    const outcome = collectArtifacts(wish, store, {
      workspace: directory.at("work"),
      layer: undefined,
      hidden: [],
      denied: [],
      places,
    });
    store.close();
    expect([paths(outcome), readTree(directory.at("elsewhere"))]).toEqual([["a"], []]);
    expect(readFileSync(directory.at("moved/a"), "utf8")).toBe("1");
    rmSync(directory.at("out"));
    mkdirSync(directory.at("out"));
  });
});
