import { beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";
import { compileHelper, findCompilerFor, listHelpers, type Architecture } from "./native.ts";

const architectures = ["x64", "arm64"] as const;

/** Compiles helpers from a copy of the sources, so that no path can be the same twice. */
async function compileCopy(architecture: Architecture, names: readonly string[]): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "cupel-test-"));
  try {
    cpSync(join(repositoryRoot, "platform"), join(root, "platform"), { recursive: true });
    const compiler = findCompilerFor(architecture);
    return await Promise.all(
      names.map(async (name) => {
        const output = join(root, name);
        await compileHelper({ name, architecture, compiler, root, output }, [`${output}.objects`]);
        return readFileSync(output).toString("base64");
      }),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Those of this checkout, which were compiled where they lie. */
function readBuilt(): string[] {
  const places = listHelpers().map((name) => join(repositoryRoot, "dist/helpers", process.arch, name));
  return places.map((path) => readFileSync(path).toString("base64"));
}

describe.each(architectures)("native helpers for %s", (architecture) => {
  let [all, again]: readonly string[][] = [];
  beforeAll(async () => {
    all = await compileCopy(architecture, listHelpers());
    again = architecture === process.arch ? readBuilt() : await compileCopy(architecture, ["launcher"]);
  });

  test("are the same bytes wherever they are compiled", () => {
    const launcher = all?.[listHelpers().indexOf("launcher")];
    expect(launcher).toBeString();
    expect(again).toEqual(architecture === process.arch ? all : [launcher ?? ""]);
  });

  test("are static programs of that architecture, without a library or an interpreter", () => {
    for (const base64 of all ?? []) {
      const file = Buffer.from(base64, "base64");
      expect(file.readUInt16LE(18)).toBe(machines[architecture]);
      const programHeaders = listProgramHeaderTypes(file);
      expect(programHeaders).toContain(loadSegment);
      expect(programHeaders).not.toContain(dynamicSegment);
      expect(programHeaders).not.toContain(interpreterSegment);
    }
  });
});

// elf(5): EM_X86_64 and EM_AARCH64.
const machines: Readonly<Record<Architecture, number>> = { x64: 62, arm64: 183 };

// elf(5): types of program headers, and where a 64-bit file says that they are.
const [loadSegment, dynamicSegment, interpreterSegment] = [1, 2, 3];

function listProgramHeaderTypes(file: Buffer): number[] {
  const start = Number(file.readBigUInt64LE(32));
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => file.readUInt32LE(start + index * size));
}
