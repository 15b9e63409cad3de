/** What a release is built for. */
import { nameReleasedExecutable, nameReleasedHelper } from "../../src/model/release.ts";
import type { Architecture } from "../build/native.ts";

/** One platform. */
export interface Target {
  /** End of the file's name, before a possible `.exe`: what scripts/install.sh finds out of the machine that it is on. */
  readonly name: string;
  readonly bunTarget: Bun.Build.CompileTarget;
  /** npm package that holds Bun for it; bun.lock knows its hash. */
  readonly runtimePackage: string;
  /** What the native helpers inside are compiled for: none where there is no Linux to use them. */
  readonly helpers: Architecture | undefined;
  readonly ending: "" | ".exe";
}

/**
 * All of them. One x64 build does for every processor since Nehalem (SSE 4.2): Bun chooses the code for AVX2 when it
 * starts, and its `-baseline` and `-modern` targets name one and the same file.
 */
export const targets: readonly Target[] = [
  linux("linux-x64", "bun-linux-x64", "@oven/bun-linux-x64", "x64"),
  linux("linux-x64-musl", "bun-linux-x64-musl", "@oven/bun-linux-x64-musl", "x64"),
  linux("linux-arm64", "bun-linux-arm64", "@oven/bun-linux-aarch64", "arm64"),
  linux("linux-arm64-musl", "bun-linux-arm64-musl", "@oven/bun-linux-aarch64-musl", "arm64"),
  elsewhere("macos-x64", "bun-darwin-x64", "@oven/bun-darwin-x64"),
  elsewhere("macos-arm64", "bun-darwin-arm64", "@oven/bun-darwin-aarch64"),
  elsewhere("windows-x64", "bun-windows-x64", "@oven/bun-windows-x64", ".exe"),
];

/** Name of a target's executable among the files of a release. */
export function nameExecutable(version: string, { name, ending }: Target): string {
  return `${nameReleasedExecutable(version, name)}${ending}`;
}

/** Name of a native helper among the files of a release. */
export function nameHelper(version: string, architecture: Architecture, helper: string): string {
  return nameReleasedHelper(version, architecture, helper);
}

// --- internal ---

function linux(
  name: string,
  bunTarget: Bun.Build.CompileTarget,
  runtimePackage: string,
  helpers: Architecture,
): Target {
  return { name, bunTarget, runtimePackage, helpers, ending: "" };
}

function elsewhere(
  name: string,
  bunTarget: Bun.Build.CompileTarget,
  runtimePackage: string,
  ending: Target["ending"] = "",
): Target {
  return { name, bunTarget, runtimePackage, helpers: undefined, ending };
}
