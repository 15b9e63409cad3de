/** The courier: what it answers about directories of a layer, and that nothing in the layer leads it out of there. */
import { beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildSanitized } from "../support/build-sanitized.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

const programs = { plain: `dist/helpers/${process.arch}/courier`, sanitized: "dist/sanitize/courier" };

beforeAll(buildSanitized, 120_000);

function filled(): TempDir {
  const directory = makeTempDir();
  for (const name of ["upper/merged", "upper/opaque/inner", "upper/with blank", "outside"]) directory.folder(name);
  symlinkSync("../outside", directory.at("upper/link"));
  symlinkSync(directory.at("outside"), directory.at("upper/absolute"));
  directory.file("upper/file");
  const marked = ["upper/opaque", "upper/with blank", "outside"].map((name) => directory.at(name));
  const [own, other] = isRoot ? ["trusted", "user"] : ["user", "user.other"];
  const script = "import os,sys; [os.setxattr(path, sys.argv[1] + '.overlay.opaque', b'y') for path in sys.argv[2:]]";
  const mark = (kind: string, paths: readonly string[]): string =>
    Bun.spawnSync(["python3", "-c", script, kind, ...paths]).stderr.toString();
  // What the kernel does not mark with says nothing.
  expect([mark(own, marked), mark(other, [directory.at("upper/merged")])]).toEqual(["", ""]);
  return directory;
}

describe.each(Object.entries(programs))("the courier (%s)", (_name, built) => {
  const program = join(repositoryRoot, built);
  const ask = (directory: string, input: string | Uint8Array) => {
    const { status, stdout, stderr } = spawnSync(program, ["marks", directory], { input, env: {} });
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("tells opaque directories from others", () => {
    using directory = filled();
    const paths = ["merged", "opaque", "opaque/inner", "with blank", "merged"];
    expect(ask(directory.at("upper"), paths.map((one) => `${one}\0`).join(""))).toEqual({
      status: 0,
      stdout: "momom",
      stderr: "",
    });
    expect(ask(directory.at("upper"), "")).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("answers as many as there are", () => {
    using directory = filled();
    const { status, stdout } = ask(directory.at("upper"), "opaque\0merged\0".repeat(40_000));
    expect([status, stdout === "om".repeat(40_000)]).toEqual([0, true]);
  });

  test.each([
    "link",
    "absolute",
    "../outside",
    "/tmp",
    "file",
    "nothing",
    "",
    "opaque/../../outside",
    "merged\0opaque",
  ])("answers no half and leaves for nothing: %p", (path) => {
    using directory = filled();
    const whole = path.includes("\0") ? path : `${path}\0`;
    expect(ask(directory.at("upper"), whole)).toEqual({
      status: 1,
      stdout: path.includes("\0") ? "m" : "",
      stderr: "",
    });
  });

  test("takes no path that is too long", () => {
    using directory = filled();
    mkdirSync(directory.at("upper/a"));
    expect(ask(directory.at("upper"), `${"a/".repeat(2050)}\0`).status).toBe(1);
  });

  test.each([[[]], [["marks"]], [["other", "/"]], [["marks", "/", "more"]]])("refuses other words: %j", (words) =>
    expect(spawnSync(program, words, { input: "", env: {} }).status).toBe(64),
  );

  test("says so where the directory is not there", () => expect(ask("/nowhere", "a\0").status).toBe(1));
});
