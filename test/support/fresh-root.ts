/** A machine with next to nothing on it: a root directory of its own, with busybox and the few programs that a test names. */
import { chmodSync, chownSync, cpSync, existsSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { execute, type Ran } from "./execute.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** How something is run in there. */
export interface InRootOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands for root in a mount namespace of the call's own; the root directory is the current one. */
  readonly before?: string;
  /** Cut off from every network. */
  readonly offline?: boolean;
  readonly deadlineMs?: number;
}

/** The root directory; gone when the test leaves its block. */
export interface FreshRoot extends TempDir {
  /** Home of a caller in there. */
  home(caller: Caller): string;
  run(caller: Caller, words: readonly string[], options?: InRootOptions): Promise<Ran>;
}

/** Programs that only the test itself uses inside, out of every PATH. */
const behindTheScenes = "test-programs";

/** Makes one. `programs` are this machine's, each with the libraries that it needs. */
export function makeFreshRoot(programs: readonly string[], callers: readonly Caller[]): FreshRoot {
  const directory = makeTempDir();
  for (const folder of ["bin", "dev", "proc", "sys", "etc", "usr/bin", "root", "old"]) directory.folder(folder);
  directory.folder("tmp");
  chmodSync(directory.at("tmp"), 0o1777);
  cpSync(findProgram("busybox"), directory.at("bin/busybox"));
  Bun.spawnSync(["chroot", directory.path, "/bin/busybox", "--install", "-s", "/bin"]);
  for (const program of programs) addProgram(directory, program, `usr/bin/${program}`);
  addProgram(directory, "setpriv", `${behindTheScenes}/setpriv`);
  directory.file(
    "etc/passwd",
    callers.map(({ name, uid, gid }) => `${name}:x:${uid}:${gid}::${homeOf(uid)}:/bin/sh\n`).join(""),
  );
  for (const { uid, gid } of callers) chownSync(directory.folder(homeOf(uid).slice(1), 0o755), uid, gid);
  return {
    ...directory,
    home: ({ uid }) => directory.at(homeOf(uid)),
    run: (caller, words, options = {}) => runInside(directory, caller, words, options),
  };
}

/** Copies a program of this machine and the libraries that its loader would take. */
export function addProgram(directory: TempDir, program: string, to: string): void {
  const path = program.startsWith("/") ? program : findProgram(program);
  addLibraries(directory, path);
  directory.folder(dirname(to));
  cpSync(path, directory.at(to));
}

/** Copies the shared libraries of a program, under the names by which it asks for them. */
export function addLibraries(directory: TempDir, path: string): void {
  const { stdout } = Bun.spawnSync(["ldd", path]);
  for (const [library] of stdout.toString().matchAll(/\/\S+\.so\S*/g)) {
    if (existsSync(directory.at(library))) continue;
    directory.folder(dirname(library).slice(1));
    cpSync(realpathSync(library), directory.at(library));
  }
}

// --- internal ---

function findProgram(name: string): string {
  const path = Bun.which(name);
  if (path === null) throw new Error(`${name} is not installed`);
  return realpathSync(path);
}

function homeOf(uid: number): string {
  return uid === 0 ? "/root" : `/home/user-${uid}`;
}

/** Becomes the root directory of a mount namespace; chroot would do, but in one no user namespace can be made. */
const enterRoot = `
mount --rbind "$1" "$1" && cd "$1"
for place in dev proc sys; do mount --rbind /$place $place; done
eval "$2"
pivot_root . old && cd / && /bin/umount -l /old
shift 2
exec /${behindTheScenes}/setpriv "$@"
`;

function runInside(
  { path }: TempDir,
  { uid, gid }: Caller,
  words: readonly string[],
  { env = {}, before = "", offline = false, deadlineMs }: InRootOptions,
): Promise<Ran> {
  const unshare = ["unshare", "--mount", "--propagation", "private", ...(offline ? ["--net"] : [])];
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const variables = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: homeOf(uid), ...env };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const inside = [...identity, "/bin/busybox", "env", "-i", ...assignments, ...words];
  return execute([...unshare, "sh", "-euc", enterRoot, "sh", path, before, ...inside], { deadlineMs });
}

/** Whether a path of the machine is there, and as what. */
export function describeFile(path: string): string {
  if (!existsSync(path)) return "missing";
  const { uid, mode } = statSync(path);
  return `${uid} ${(mode & 0o7777).toString(8)}`;
}

/** A symbolic link for the shell that is to be `sh`. */
export function linkShell(root: FreshRoot, shell: string): void {
  symlinkSync(`/usr/bin/${shell}`, join(root.path, "usr/bin/sh"));
}
