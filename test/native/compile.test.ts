/**
 * The native helpers compile without a warning with clang for arm64. Everything else that compiles them has its own step:
 * the build and the one with sanitizers (gcc), clang and its analyser, the helpers for another architecture (native.test.ts).
 */
import { expect } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";

const platform = "platform/linux";
const warnings = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow"];

/** Headers for arm64: Debian's libc6-dev-arm64-cross. */
const arm64Headers = "/usr/aarch64-linux-gnu/include";
const flags = ["-ffreestanding", "-fno-builtin", "--target=aarch64-linux-gnu", "-isystem", arm64Headers];

function sources(): string[] {
  const folders = readdirSync(join(repositoryRoot, platform), { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  );
  return folders.flatMap(({ name }) =>
    readdirSync(join(repositoryRoot, platform, name))
      .filter((file) => file.endsWith(".c"))
      .map((file) => `${platform}/${name}/${file}`),
  );
}

const isThere = Bun.which("clang") !== null && existsSync(arm64Headers);

needs(isThere, "clang or headers for arm64 are not installed")(
  "native helpers compile without a warning: clang for arm64",
  async () => {
    const files = sources();
    expect(files).toContain(`${platform}/launcher/instruction.c`);
    const words = ["clang", "-fsyntax-only", ...warnings, ...flags, `-I${platform}/shared`, ...files];
    const { code, stderr } = await execute(words, { cwd: repositoryRoot });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
);
