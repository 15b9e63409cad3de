import { describe, expect, test } from "bun:test";
import { createRealHost } from "../../src/host/real-host.ts";
import { askDoctor, tryVersion } from "../../src/run/try-executable.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

async function withScript<T>(script: string, use: (path: string) => Promise<T>): Promise<T> {
  using directory = makeTempDir();
  return await use(directory.file("cupel", `#!/bin/sh\n${script}\n`, 0o755));
}

describe("tryVersion", () => {
  test.each([
    ['echo "cupel 2.0.0 (made up, $1)"', undefined],
    ['echo "cupel 2.0.1 (made up)"', "exit code 0: cupel 2.0.1 (made up)"],
    ['echo "cupel 2.0.0 (made up)"; exit 1', "exit code 1: cupel 2.0.0 (made up)"],
    ["echo first; echo second >&2; exit 2", "exit code 2: second"],
    [
      "echo 'Error loading shared library libgcc_s.so.1' >&2; exit 127",
      "it needs libstdc++ (Alpine: apk add libstdc++)",
    ],
    ["kill -ABRT $$", "SIGABRT"],
  ])("%s", async (script, expected) =>
    expect(await withScript(script, (path) => tryVersion(host, path, "2.0.0"))).toBe(expected as never),
  );

  test("what is no program", async () => {
    using directory = makeTempDir();
    expect(await tryVersion(host, directory.at("missing"), "2.0.0")).toBe("it cannot be started (ENOENT)");
  });
});

describe("askDoctor", () => {
  test.each([
    ['echo "$*"', { exitCode: 0, text: "doctor --brief\n" }],
    ["exit 1", { exitCode: 1, text: "" }],
    ["exit 3", { exitCode: 3, text: "" }],
    ["exit 2", "exit code 2"],
    ["echo bug >&2; exit 70", "exit code 70: bug"],
    ["kill -SEGV $$", "SIGSEGV"],
  ])("%s", async (script, expected) =>
    expect(await withScript(script, (path) => askDoctor(host, path))).toEqual(expected),
  );

  test("it has the caller's own environment", async () => {
    const asked = { ...host, environment: { ONE: "1", NONE: undefined } };
    const said = await withScript('echo "$ONE ${NONE-unset} ${HOME-unset}"', (path) => askDoctor(asked, path));
    expect(said).toEqual({ exitCode: 0, text: "1 unset unset\n" });
  });
});
