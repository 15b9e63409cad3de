/** The native helpers compile without a warning: with both compilers, for both architectures, hosted and not. */
import { describe, expect } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";

const platform = "platform/linux";
const warnings = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow"];
const freestanding = ["-ffreestanding", "-fno-builtin"];
const hosted = ["-std=gnu17", "-DHOSTED"];

/** Headers for arm64: Debian's libc6-dev-arm64-cross. */
const arm64Headers = "/usr/aarch64-linux-gnu/include";

interface Target {
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly headers?: string;
}

const targets: Readonly<Record<string, Target>> = {
  "gcc, freestanding": { compiler: "gcc", flags: freestanding },
  "gcc, hosted": { compiler: "gcc", flags: hosted },
  "clang, freestanding": { compiler: "clang", flags: freestanding },
  "clang, hosted": { compiler: "clang", flags: hosted },
  "clang for arm64": {
    compiler: "clang",
    flags: [...freestanding, "--target=aarch64-linux-gnu", "-isystem", arm64Headers],
    headers: arm64Headers,
  },
  "gcc for arm64": { compiler: "aarch64-linux-gnu-gcc", flags: freestanding },
};

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

describe("native helpers", () => {
  for (const [name, { compiler, flags, headers }] of Object.entries(targets)) {
    const isThere = Bun.which(compiler) !== null && (headers === undefined || existsSync(headers));
    needs(isThere, `${compiler} or its headers are not installed`)(`compile without a warning: ${name}`, async () => {
      const files = sources();
      expect(files).toContain(`${platform}/launcher/instruction.c`);
      const words = [compiler, "-fsyntax-only", ...warnings, ...flags, `-I${platform}/shared`, ...files];
      const { code, stderr } = await execute(words, { cwd: repositoryRoot });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    });
  }
});
