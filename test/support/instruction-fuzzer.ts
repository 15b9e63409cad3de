/** The fuzzer of the launcher's reader of instructions: clang's libFuzzer, AddressSanitizer and UBSan. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compileC, repositoryRoot } from "./compile-c.ts";
import { renderRecordFormats } from "./decode-instruction.ts";
import { instructionSources } from "./instruction-sources.ts";

const native = join(repositoryRoot, "test/native");
const platform = join(repositoryRoot, "platform/linux");

/** Whether clang is there with its library for fuzzers, which lies beside the one of AddressSanitizer. */
export function hasFuzzer(): boolean {
  if (Bun.which("clang") === null) return false;
  const linked = Bun.spawnSync(["clang", "-###", "-fsanitize=fuzzer", "-x", "c", "/dev/null"]).stderr.toString();
  const library = /"([^"]+libclang_rt\.fuzzer[^"]*\.a)"/.exec(linked)?.[1];
  return library !== undefined && existsSync(library);
}

/** Compiles it, unless it is there, and gives the program's path. @throws what the compiler said. */
export function buildInstructionFuzzer(): string {
  return compileC(join(native, "fuzz-instruction.c"), {
    compiler: "clang",
    flags: [
      "-std=gnu17",
      "-D_GNU_SOURCE",
      "-DHOSTED",
      `-DRECORD_FORMATS=${renderRecordFormats()}`,
      `-I${join(platform, "shared")}`,
      ..."-g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all".split(" "),
    ],
    dependencies: [join(native, "fuzz-mutator.h"), ...instructionSources],
  });
}

/** Arguments that every run takes: inputs long enough to overflow each list, and one that stops at the first finding. */
export const fuzzerArguments: readonly string[] = ["-max_len=32768", "-timeout=10", "-print_final_stats=1"];
