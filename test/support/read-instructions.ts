/** The launcher's reader of instructions, with AddressSanitizer and UBSan: test/native/read-instruction.c. */
import { expect } from "bun:test";
import { resolve } from "node:path";
import { compileC, repositoryRoot } from "./compile-c.ts";
import { execute } from "./execute.ts";
import { joinInstructions } from "./instruction-corpus.ts";
import { instructionSources } from "./instruction-sources.ts";

const native = resolve(repositoryRoot, "test/native");
const shared = resolve(repositoryRoot, "platform/linux/shared");
const flags = [
  "-std=gnu17",
  "-D_GNU_SOURCE",
  "-DHOSTED",
  "-g",
  "-O1",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
];

/** What the reader can say: 0, EBADMSG, EPROTO, EPIPE, ENODATA. */
export const verdicts = { accepted: 0, malformed: -74, otherVersion: -71, cutShort: -32, empty: -61 } as const;

/** What the reader says of each; any report of a sanitizer ends it, and fails the test. */
export async function readInstructions(instructions: readonly Uint8Array[]): Promise<number[]> {
  const source = resolve(native, "read-instruction.c");
  const program = compileC(source, {
    flags: [...flags, `-I${shared}`, "-Wall", "-Wextra", "-Werror"],
    dependencies: instructionSources,
  });
  const stdin = joinInstructions(instructions);
  const { code, stdout, stderr } = await execute([program], { stdin, env: {}, deadlineMs: 60_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd().split("\n").map(Number);
}
