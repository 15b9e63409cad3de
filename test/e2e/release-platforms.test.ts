/** What is released for other machines than this one, as far as it can be run here. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { execute, type Ran } from "../support/execute.ts";
import { findLibraryObjects, makeMuslRoot, muslLoader } from "../support/musl-root.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { startReleaseServer } from "../support/release-server.ts";
import { callers, isRoot, ordinaryCaller } from "../support/tester.ts";

const emulator = Bun.which("qemu-aarch64-static");
const oldProcessor = Bun.which("qemu-x86_64-static");
const armLibraries = "/usr/aarch64-linux-gnu";
const isFetched = existsSync(join(repositoryRoot, "dist/runtimes"));

const built = makeTempDir();
afterAll(() => built[Symbol.dispose]());

beforeAll(async () => {
  if (!isFetched) return;
  const words = ["scripts/release.ts", "--output", built.at("release"), "linux-x64", "linux-x64-musl", "linux-arm64"];
  const { code, stderr } = await execute([process.execPath, ...words], { cwd: repositoryRoot, deadlineMs: 120_000 });
  expect([code, stderr]).toEqual([0, ""]);
});

function released(target: string): string {
  const name = readdirSync(built.at("release")).find(
    (entry) => /^cupel-[0-9.]+-/.test(entry) && entry.endsWith(target),
  );
  return join(built.at("release"), name ?? target);
}

const hasMusl = existsSync(muslLoader) && findLibraryObjects() !== undefined;
const onMusl = needs(
  isRoot && isFetched && hasMusl,
  "needs root, a fetched runtime, and the Debian packages musl and libstdc++-12-pic",
);

describe("linux-x64-musl", () => {
  for (const caller of callers) {
    onMusl(`measures and runs jobs for ${caller.name} where the C library is musl`, async () => {
      using root = await makeMuslRoot(released("linux-x64-musl"), callers);
      const cupel = (...words: string[]) => root.run(caller, ["cupel", ...words]);
      expect((await cupel("version")).stdout).toContain("linux-x64-musl");
      const { code, stdout, stderr } = await cupel("doctor", "--brief");
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("all demanded guarantees hold");
      expect(await cupel("run", "--workspace", "none", "--", "echo", "hello")).toMatchObject({
        code: 0,
        stdout: "hello\n",
      });
    });
  }

  onMusl(
    "is what the installer takes on Alpine, and it says what to add where the C++ library is missing",
    async () => {
      using root = await makeMuslRoot(released("linux-x64-musl"), callers);
      root.file("etc/alpine-release", "3.22.0\n");
      await using server = await startReleaseServer();
      const names = readdirSync(built.at("release"));
      server.publish("", new Map(names.map((name) => [name, readFileSync(join(built.at("release"), name))])));
      const line = `wget -qO- ${server.address}/latest/download/install.sh | CUPEL_BASE_URL=${server.address} sh -s -- --insecure-unsigned`;
      const install = (before = ""): Promise<Ran> => root.run(ordinaryCaller, ["sh", "-c", line], { before });
      const without = await install("mkdir tmp/none; mount --bind tmp/none usr/lib");
      expect([without.code, without.stderr.includes("it needs libstdc++ (Alpine: apk add libstdc++)")]).toEqual([
        1,
        true,
      ]);
      const { code, stdout } = await install();
      expect([code, stdout.includes("all demanded guarantees hold")]).toEqual([0, true]);
      const executable = join(root.home(ordinaryCaller), ".local/bin/cupel").slice(root.path.length);
      expect((await root.run(ordinaryCaller, [executable, "version"])).stdout).toContain("linux-x64-musl");
    },
  );

  onMusl("does not start where the C++ library is missing", async () => {
    using root = await makeMuslRoot(released("linux-x64-musl"), callers);
    const [caller] = callers;
    if (caller === undefined) throw new Error("nobody to call it");
    const { code, stderr } = await root.run(caller, ["cupel", "version"], { before: "rm usr/lib/libstdc++.so.6" });
    expect([code, stderr.includes("libstdc++.so.6")]).toEqual([127, true]);
  });
});

describe("linux-arm64", () => {
  const emulated = async (program: string, ...words: string[]): Promise<Ran> => {
    using state = makeTempDir();
    const env = { PATH: "/usr/bin:/bin", HOME: state.path };
    return await execute([emulator ?? "", "-L", armLibraries, program, ...words], { env, deadlineMs: 60_000 });
  };
  const onArm = needs(
    isFetched && emulator !== null && existsSync(`${armLibraries}/lib/ld-linux-aarch64.so.1`),
    "needs a fetched runtime, and the Debian packages qemu-user-static and libc6-dev-arm64-cross",
  );

  onArm("starts, and says what it is", async () => {
    expect((await emulated(released("linux-arm64"), "--version")).stdout).toContain("linux-arm64");
    expect((await emulated(released("linux-arm64"), "--help")).stdout).toContain("doctor");
  });

  onArm("measures without helpers, which an emulated process cannot execute, and claims nothing", async () => {
    const { code, stdout } = await emulated(released("linux-arm64"), "doctor", "--json");
    const { capabilities, selection } = JSON.parse(stdout);
    expect([code === 0, selection.chosen ?? null]).toEqual([false, null]);
    const probed = capabilities.find(({ id }: { id: string }) => id === "userns.create");
    expect(probed).toMatchObject({ state: "unknown" });
  });

  onArm("has helpers of its own", async () => {
    const prober = join(
      built.at("release"),
      readdirSync(built.at("release")).find((name) => name.endsWith("arm64-prober")) ?? "",
    );
    const { code, stdout } = await emulated(prober, "no-new-privs");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([code, lines.at(-1)]).toEqual([0, { step: "end", errno: 0, value: expect.any(Number) }]);
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe("linux-x64", () => {
  needs(
    isFetched && oldProcessor !== null && process.arch === "x64",
    "needs a fetched runtime, and the Debian package qemu-user-static",
  )("starts on the oldest processors that the installer takes: Nehalem, which knows no AVX", async () => {
    const emulated = (...words: string[]): Promise<Ran> =>
      execute([oldProcessor ?? "", "-cpu", "Nehalem", released("linux-x64"), ...words]);
    expect((await emulated("--version")).stdout).toContain("linux-x64");
    expect((await emulated("--help")).stdout).toContain("doctor");
  });
});

describe.each([
  ["darwin", "this is macOS: run cupel in a Linux virtual machine"],
  ["win32", "this is Windows: run cupel in WSL 2"],
])("on %s", (platform, words) => {
  const cupel = (...given: string[]): Promise<Ran> =>
    execute([process.execPath, "--preload", "./test/support/elsewhere.ts", "src/main.ts", ...given], {
      cwd: repositoryRoot,
      env: { HOME: built.path, PATH: "/usr/bin:/bin", CUPEL_TEST_PLATFORM: platform },
    });
  const flow = (text: string): string => text.replace(/\s+/g, " ");

  test("it starts", async () => {
    expect(await cupel("--version")).toMatchObject({ code: 0, stderr: "" });
    expect(await cupel("--help")).toMatchObject({ code: 0, stderr: "" });
  });

  test("the doctor says in one sentence how to reach Linux, and keeps nothing", async () => {
    const before = readdirSync(built.path);
    const { code, stdout, stderr } = await cupel("doctor", "--brief");
    expect([code, stderr]).toEqual([1, ""]);
    expect(flow(stdout)).toContain(words);
    expect(readdirSync(built.path)).toEqual(before);
  });

  test("a job is refused in the same words, even without demands", async () => {
    for (const flags of [[], ["--accept-missing", "all"]]) {
      const { code, stdout, stderr } = await cupel("run", ...flags, "--", "true");
      expect([code, stdout]).toEqual([125, ""]);
      expect(flow(stderr)).toContain(words);
    }
  });
});
