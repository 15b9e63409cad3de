import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { makingName, makingPattern } from "../../src/run/run-id.ts";
import { closeScratch, emptyScratch, openScratch } from "../../src/run/open-scratch.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? 0;
const scratch = { variables: { HOME: "home", TMPDIR: "tmp" }, directory: "workspace" };

describe("openScratch", () => {
  test("makes what the plan names, for the caller alone, below a name that tells whose it is", () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const path = openScratch(scratch, [place], uid);
    const name = path.slice(`${place}/layers/`.length);
    expect(makingPattern.exec(name)?.[1]).toBe(String(process.pid));
    expect(
      readdirSync(path)
        .toSorted((one, other) => (one < other ? -1 : 1))
        .map((one) => [one, lstatSync(`${path}/${one}`).mode & 0o7777]),
    ).toEqual([
      ["home", 0o700],
      ["tmp", 0o700],
      ["workspace", 0o700],
    ]);
  });

  test("says so where there is no place", () =>
    expect(() => openScratch(scratch, [], uid)).toThrow("There is no place for the job's own files"));

  test("leaves nothing where it cannot be made", () => {
    using state = makeTempDir();
    const place = state.folder("state", 0o700);
    const broken = { variables: { HOME: "home", TMPDIR: "\0" } };
    expect(() => openScratch(broken, [place], uid)).toThrow("No place for the job's own files");
    expect(readdirSync(`${place}/layers`)).toEqual([]);
  });
});

describe("openScratch, where others were,", () => {
  const gone = makingName().replace(/^running-\d+/, "running-4194304");

  test("removes what jobs of cupels that were killed left, and no layer", () => {
    using state = makeTempDir();
    const layers = `${state.folder("state", 0o700)}/layers`;
    mkdirSync(`${layers}/${gone}/home`, { recursive: true });
    mkdirSync(`${layers}/${gone}layer/work`, { recursive: true });
    mkdirSync(`${layers}/${makingName()}/home`, { recursive: true });
    const path = openScratch(scratch, [state.at("state")], uid);
    expect(existsSync(`${layers}/${gone}`)).toBeFalse();
    expect(readdirSync(layers)).toHaveLength(3);
    closeScratch(path);
    expect(readdirSync(layers)).toHaveLength(2);
  });
});

test("openScratch makes it also where others take away what holds layers, again and again", async () => {
  using state = makeTempDir();
  const place = state.folder("state", 0o700);
  const script = "while (getppid == $ARGV[1]) { rmdir $ARGV[0]; select undef, undef, undef, 0.0001 }";
  const removing = Bun.spawn(["perl", "-e", script, `${place}/layers`, String(process.pid)]);
  try {
    for (let round = 0; round < 2000; round++) closeScratch(openScratch(scratch, [place], uid));
  } finally {
    removing.kill();
    await removing.exited;
  }
});

test("closeScratch leaves nothing where nothing was", () => {
  using state = makeTempDir();
  const place = state.folder("state", 0o700);
  closeScratch(openScratch(scratch, [place], uid));
  expect(readdirSync(place)).toEqual([]);
});

test("emptyScratch leaves nothing of what a job made, whatever rights it took from it", () => {
  using state = makeTempDir();
  const path = openScratch(scratch, [state.folder("state", 0o700)], uid);
  mkdirSync(`${path}/home/a/b`, { recursive: true });
  writeFileSync(`${path}/home/a/b/file`, "x");
  writeFileSync(`${path}/planted`, "x");
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.of(0xff)]), "no text");
  chmodSync(`${path}/home/a`, 0);
  chmodSync(path, 0);
  emptyScratch(path, scratch);
  const left: string[] = readdirSync(path, { recursive: true, encoding: "utf8" });
  expect(new Set(left)).toEqual(new Set(["home", "tmp", "workspace"]));
});
