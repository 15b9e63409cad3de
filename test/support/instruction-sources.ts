/** What the launcher's reader of instructions is made of. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./compile-c.ts";

const native = join(repositoryRoot, "test/native");
const platform = join(repositoryRoot, "platform/linux");
const launcher = join(platform, "launcher");

/** Files that every program around it includes: another one, another program. */
export const instructionSources: readonly string[] = [
  join(native, "instruction-reader.h"),
  join(native, "walk-instruction.h"),
  ...readdirSync(launcher)
    .filter((name) => /^instruction.*\.[ch]$/.test(name))
    .toSorted()
    .map((name) => join(launcher, name)),
  join(launcher, "launcher.h"),
  join(platform, "shared/kernel.h"),
  join(platform, "shared/protocol.gen.h"),
];
