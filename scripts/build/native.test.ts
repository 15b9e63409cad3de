import { describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";
import { compileHelper, findCompiler, listHelpers } from "./native.ts";

/** Compiles every helper from a copy of the sources, so that no path can be the same twice. */
async function compileCopy(): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "cupel-native-"));
  try {
    cpSync(join(repositoryRoot, "platform"), join(root, "platform"), { recursive: true });
    const compiler = findCompiler();
    return await Promise.all(
      listHelpers(root).map(async (name) => {
        const output = join(root, name);
        await compileHelper({ name, compiler, root, output });
        return readFileSync(output).toString("base64");
      }),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("native helpers", () => {
  test("are the same bytes wherever they are compiled", async () => {
    const [one, other] = [await compileCopy(), await compileCopy()];
    expect(one).not.toBeEmpty();
    expect(other).toEqual(one);
  });

  test("are static, without a library or an interpreter", async () => {
    for (const base64 of await compileCopy()) {
      const programHeaders = listProgramHeaderTypes(Buffer.from(base64, "base64"));
      expect(programHeaders).toContain(loadSegment);
      expect(programHeaders).not.toContain(dynamicSegment);
      expect(programHeaders).not.toContain(interpreterSegment);
    }
  });
});

// elf(5): types of program headers, and where a 64-bit file says that they are.
const [loadSegment, dynamicSegment, interpreterSegment] = [1, 2, 3];

function listProgramHeaderTypes(file: Buffer): number[] {
  const start = Number(file.readBigUInt64LE(32));
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => file.readUInt32LE(start + index * size));
}
