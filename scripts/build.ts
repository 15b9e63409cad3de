/**
 * Builds dist/cupel: generated sources, native helpers, executable.
 * With --sanitize: the helpers for ASan and UBSan alone. With --analyze: has clang look for faults in them.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BuildError } from "./build/build-error.ts";
import { buildExecutable } from "./build/executable.ts";
import { renderManual } from "./build/manual.ts";
import { analyzeHelper, buildHelper, buildSanitized, findCompiler, listHelpers } from "./build/native.ts";
import { renderEmbeddedHelpers } from "./gen/embedded-helpers.ts";
import { generate, writeGenerated } from "./gen.ts";
import { repositoryRoot, sha256, writeIfChanged } from "./source/repository.ts";

const dist = join(repositoryRoot, "dist");

async function buildHelpers(): Promise<void> {
  const compiler = findCompiler();
  const built = await Promise.all(listHelpers().map((name) => buildHelper(name, compiler)));
  for (const { name, bytes, sha256: digest, isFresh } of built) {
    if (isFresh) report(name, bytes.byteLength, digest);
  }
  for (const [path, text] of Object.entries(renderEmbeddedHelpers(built))) {
    writeIfChanged(join(repositoryRoot, path), text);
  }
}

async function buildAll(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  // The file system's own clock says when this build started; scripts/setup.sh compares with it.
  const started = join(dist, `.build-started.${process.pid}`);
  writeFileSync(started, "");
  try {
    await buildInOrder();
    renameSync(started, join(dist, ".build-started"));
    writeFileSync(join(dist, ".build-ended"), "");
  } finally {
    rmSync(started, { force: true });
  }
}

/** Loaded late: a fresh checkout has no generated sources before the build. */
async function writeManual(): Promise<void> {
  const [{ build }, { descriptions }] = await Promise.all([
    import("../src/model/build.gen.ts"),
    import("../src/commands/descriptions.ts"),
  ]);
  writeFileSync(join(dist, "cupel.1"), renderManual({ version: build.version, commands: descriptions }));
}

async function buildInOrder(): Promise<void> {
  writeGenerated(await generate());
  await buildHelpers();
  const output = join(dist, "cupel");
  await buildExecutable({ output });
  const executable = readFileSync(output);
  report("dist/cupel", executable.byteLength, sha256(executable));
  await writeManual();
}

async function buildAllSanitized(): Promise<void> {
  const compiler = findCompiler();
  const outputs = await Promise.all(listHelpers().map((name) => buildSanitized(name, compiler)));
  for (const output of outputs) console.log(`built ${relative(repositoryRoot, output)}`);
}

async function analyzeAll(): Promise<void> {
  // Each takes all processors.
  for (const name of listHelpers()) await analyzeHelper(name);
}

function report(name: string, sizeBytes: number, digest: string): void {
  console.log(`cupel: built ${name}: ${sizeBytes.toLocaleString("en")} bytes, sha256 ${digest}`);
}

function chooseTask(flag: string | undefined): () => Promise<void> {
  if (flag === "--sanitize") return buildAllSanitized;
  return flag === "--analyze" ? analyzeAll : buildAll;
}

try {
  await chooseTask(process.argv[2])();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`cupel: ${error.message}`);
  process.exitCode = 125;
}
