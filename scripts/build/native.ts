/** Compiles the native helpers: freestanding static programs without a C library, the same bytes from the same sources. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, dirname, join } from "node:path";
import { BuildError } from "./build-error.ts";
import { compileObjects } from "./objects.ts";
import type { BuiltHelper } from "../gen/embedded-helpers.ts";
import { inParallel } from "../../src/verify/in-parallel.ts";
import { listFiles, readIfThere, repositoryRoot, sha256 } from "../source/repository.ts";

const platformFolder = "platform/linux";
const sharedFolder = `${platformFolder}/shared`;

const warningFlags = [
  "-std=c17",
  ..."-Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wvla -Wstrict-prototypes".split(" "),
];

const commonFlags = [...warningFlags, `-I${sharedFolder}`];

/** What the helpers are compiled for, in Node's words. */
export type Architecture = "x64" | "arm64";

/** This machine's. Another one has no helpers, and the compiler says so. */
const ownArchitecture = process.arch as Architecture;

/** A compiler for another architecture is named after it (Debian: gcc-x86-64-linux-gnu, gcc-aarch64-linux-gnu). */
const crossCompilers: Readonly<Record<Architecture, string>> = {
  x64: "x86_64-linux-gnu-gcc",
  arm64: "aarch64-linux-gnu-gcc",
};

/** Flags that only one of them knows. */
const architectureFlags: Readonly<Record<Architecture, readonly string[]>> = {
  x64: ["-fcf-protection=none"],
  arm64: ["-mbranch-protection=none", "-mno-outline-atomics"],
};

const compileFlags = [
  ...commonFlags,
  "-Os",
  "-ffreestanding",
  "-fno-asynchronous-unwind-tables",
  "-fno-stack-protector",
  "-fno-ident",
  "-ffunction-sections",
  "-fdata-sections",
  "-fvisibility=hidden",
  "-fno-pie",
];

const linkFlags = ["-nostdlib", "-static", "-Wl,--gc-sections,--build-id=none,-z,noexecstack,-z,relro,-z,now", "-s"];

const hostedFlags = [...commonFlags, "-std=gnu17", "-DHOSTED"];

const sanitizedFlags = [
  ...hostedFlags,
  "-g",
  "-O1",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
];

/** On the hosted sources: a system call in assembler is to the analyser one that writes nothing. */
const analyzerFlags = [...hostedFlags, "--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror"];

/** Names of the helpers: the folders below platform/linux that hold C, apart from what they share. */
export function listHelpers(root: string = repositoryRoot): string[] {
  const folders = listFiles([`${platformFolder}/*/*.c`], root).map((path) => basename(dirname(path)));
  return [...new Set(folders)].filter((name) => name !== basename(sharedFolder));
}

/** The C compiler: the one wanted ($CC), or the first of gcc, cc and clang in PATH. */
export function findCompiler(wanted: string | undefined = process.env["CC"]): string {
  const candidates = wanted === undefined || wanted === "" ? ["gcc", "cc", "clang"] : [wanted];
  for (const candidate of candidates) {
    const path = Bun.which(candidate);
    if (path !== null) return path;
  }
  throw new BuildError(`no C compiler found (${candidates.join(", ")}); Debian: apt-get install gcc libc6-dev`);
}

/** The C compiler for an architecture: {@link findCompiler} for this machine's own. */
export function findCompilerFor(architecture: Architecture): string {
  if (architecture === ownArchitecture) return findCompiler();
  const name = crossCompilers[architecture];
  const path = Bun.which(name);
  if (path !== null) return path;
  const debianPackage = `gcc-${name.replace(/-gcc$/, "").replace("_", "-")}`;
  throw new BuildError(`no C compiler for ${architecture} found (${name}); Debian: apt-get install ${debianPackage}`);
}

/** One helper to compile. */
export interface HelperOrder {
  readonly name: string;
  readonly architecture: Architecture;
  readonly compiler: string;
  /** Checkout that the sources are in. */
  readonly root: string;
  /** Absolute. */
  readonly output: string;
}

/** What {@link buildHelper} made. */
export interface HelperBuild extends BuiltHelper {
  /** Whether it had to be compiled: its sources, compiler or flags are not those of the last time. */
  readonly isFresh: boolean;
}

/** Builds one helper into dist/helpers/ARCHITECTURE/, unless it is there already. */
export async function buildHelper(
  name: string,
  compiler: string,
  architecture: Architecture = ownArchitecture,
): Promise<HelperBuild> {
  const order = { ...orderHelper(name, compiler, `helpers/${architecture}`), architecture };
  const isFresh = await makeIfStale(order, () => compileHelper(order, [objectsOf(name, architecture)]));
  const bytes = readFileSync(order.output);
  return { name, sha256: sha256(bytes), bytes, isFresh };
}

/**
 * Compiles one helper as it ships. Of `objects`, directories, it takes what was compiled of the same source, headers and
 * flags before; what is new goes into the first.
 */
export async function compileHelper(order: HelperOrder, objects: readonly string[]): Promise<void> {
  const flags = [...compileFlags, ...architectureFlags[order.architecture]];
  const compiled = await compileObjects({
    sources: listSources(order),
    basis: [identityOf(order.compiler), ...flags, ...contentsOf(order.root, listSources(order, "h"))],
    contentOf: (source) => readFileSync(join(order.root, source)),
    compile: (source, output) => runCompiler(order, [...flags, "-c", source, "-o", output]),
    directories: objects,
  });
  await makeWhole(order, (temporary) => runCompiler(order, [...linkFlags, ...compiled, "-o", temporary]));
}

/** Where the objects of this checkout's own helpers are. */
export function objectsOf(name: string, architecture: Architecture): string {
  return join(repositoryRoot, "dist/objects", architecture, name);
}

/** Builds one helper with AddressSanitizer and UBSan, against the C library, into dist/sanitize/. */
export async function buildSanitized(name: string, compiler: string): Promise<string> {
  const order = orderHelper(name, compiler, "sanitize");
  await makeIfStale(order, () => compile(order, sanitizedFlags));
  return order.output;
}

/** Has clang, whatever compiler builds, compile a helper with its warnings and look for faults with its analyser. */
export async function analyzeHelper(name: string): Promise<void> {
  const order = orderHelper(name, findCompiler("clang"), "analyzed");
  await makeIfStale(order, async () => {
    await compileHelper(order, [`${order.output}.objects`]);
    // The analyser keeps warnings to itself.
    await runCompiler(order, [...hostedFlags, "-fsyntax-only", ...listSources(order)]);
    const analyses = listSources(order).map((source) => () => runCompiler(order, [...analyzerFlags, source]));
    await inParallel(analyses, cpus().length);
  });
}

// --- internal ---

function orderHelper(name: string, compiler: string, folder: string): HelperOrder {
  const output = join(repositoryRoot, "dist", folder, name);
  return { name, architecture: ownArchitecture, compiler, root: repositoryRoot, output };
}

function listSources({ name, root }: HelperOrder, endings = "c"): string[] {
  return listFiles([`${platformFolder}/${name}/*.${endings}`, `${sharedFolder}/*.${endings}`], root);
}

/** Makes what is not there or was made from other sources, flags or compiler; says whether it did. */
async function makeIfStale(order: HelperOrder, make: () => Promise<void>): Promise<boolean> {
  const inputs = hashInputs(order);
  const inputsPath = `${order.output}.inputs`;
  if (existsSync(order.output) && readIfThere(inputsPath) === inputs) return false;
  rmSync(inputsPath, { force: true });
  await make();
  writeFileSync(inputsPath, inputs);
  return true;
}

/** A compiler is taken for the same as long as its file is. */
function identityOf(compiler: string): string {
  const { size, mtimeMs } = statSync(compiler);
  return JSON.stringify([compiler, size, mtimeMs]);
}

function contentsOf(root: string, paths: readonly string[]): (string | Buffer)[] {
  return paths.flatMap((path) => [path, readFileSync(join(root, path))]);
}

function hashInputs(order: HelperOrder): string {
  const flags = [compileFlags, architectureFlags, linkFlags, sanitizedFlags, analyzerFlags];
  const contents = contentsOf(order.root, listSources(order, "{c,h}"));
  return sha256(identityOf(order.compiler), JSON.stringify(flags), ...contents);
}

/** Under a temporary name, which is then changed, so that what is there is always whole. */
async function makeWhole({ output }: HelperOrder, make: (temporary: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(output), { recursive: true });
  const temporary = `${output}.${process.pid}.tmp`;
  await make(temporary);
  renameSync(temporary, output);
}

async function compile(order: HelperOrder, flags: readonly string[]): Promise<void> {
  await makeWhole(order, (temporary) => runCompiler(order, [...flags, ...listSources(order), "-o", temporary]));
}

async function runCompiler({ compiler, root }: HelperOrder, flags: readonly string[]): Promise<void> {
  const child = Bun.spawn([compiler, ...flags], {
    cwd: root,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, LC_ALL: "C" },
  });
  const [diagnostics, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new BuildError(explainFailure(compiler, diagnostics));
}

function explainFailure(compiler: string, diagnostics: string): string {
  const header = /fatal error: '?((?:linux|asm|asm-generic)\/[^:']+)'?[: ]/.exec(diagnostics)?.[1];
  if (header !== undefined) return `the kernel header ${header} is missing; Debian: apt-get install libc6-dev`;
  return `${compiler} failed:\n${diagnostics}`;
}
