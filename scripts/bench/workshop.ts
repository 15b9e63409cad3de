/** The bench's own directory: what it builds, a root for containers, and state that is nobody's else. */
import { copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";
import { buildDriver, type DriverContext } from "./driver.ts";
import { BenchError } from "./options.ts";

/** Everything that contestants are made from. */
export interface Workshop extends DriverContext {
  readonly path: string;
  /** cupel as it is installed. */
  readonly executable: string;
  /** Its launcher, from the same build. */
  readonly launcher: string;
  /** Where npm puts the programs of the peers that it has. */
  readonly npmPrograms: string;
  /** A root with the jobs' programs and nothing else. */
  readonly containerRoot: string;
}

const jobPrograms = ["/bin/true", "/bin/false", "/bin/sleep"];
const mountPoints = ["proc", "dev", "sys", "tmp", "etc", "run"];

/** What a dynamically linked program needs, by ldd(1). */
function listLibraries(program: string): string[] {
  const listed = Bun.spawnSync(["ldd", program]).stdout.toString();
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}

function fillContainerRoot(root: string): void {
  for (const name of mountPoints) mkdirSync(join(root, name), { recursive: true });
  for (const path of new Set(jobPrograms.flatMap((program) => [program, ...listLibraries(program)]))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(realpathSync(path), join(root, path));
  }
}

/** As little of the caller's environment as programs can do with, and state of the bench's own. */
function makeEnvironment(path: string): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: process.env["HOME"] ?? "/",
    LC_ALL: "C",
    XDG_STATE_HOME: join(path, "state"),
  };
}

/** Sets the workshop up; what is there already is kept. @throws BenchError. */
export function openWorkshop(path: string): Workshop {
  const executable = join(repositoryRoot, "dist/cupel");
  const launcher = join(repositoryRoot, `dist/helpers/${process.arch}/launcher`);
  if (![executable, launcher].every((file) => existsSync(file))) {
    throw new BenchError("there is no build to measure: ./scripts/cupel version");
  }
  const directory = join(path, "workspace");
  const containerRoot = join(path, "root");
  mkdirSync(directory, { recursive: true });
  mkdirSync(join(path, "state"), { recursive: true, mode: 0o700 });
  fillContainerRoot(containerRoot);
  return {
    path,
    directory,
    executable,
    launcher,
    driver: buildDriver(path),
    npmPrograms: join(path, "npm/node_modules/.bin"),
    containerRoot,
    environment: makeEnvironment(path),
  };
}

/** Compiles a Bun program that does nothing, unless it is there; gives its path. @throws BenchError. */
export function buildEmptyProgram({ path }: Workshop): string {
  const output = join(path, `empty-bun-${Bun.version}`);
  if (existsSync(output)) return output;
  const source = join(path, "empty.ts");
  writeFileSync(source, "export {};\n");
  const flags = ["--compile", "--bytecode", "--minify", "--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"];
  const built = Bun.spawnSync([process.execPath, "build", ...flags, source, "--outfile", output], { cwd: path });
  if (!built.success) throw new BenchError(`the empty program does not build: ${built.stderr.toString()}`);
  return output;
}
