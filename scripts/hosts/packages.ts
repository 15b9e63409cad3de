/** Kernels from Debian's packages, in a cache outside the tree. Nothing is installed on this machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../build/native.ts";
import { emulators } from "./emulator.ts";
import type { KernelName, LabHost } from "./lab-host.ts";

/** A kernel on disk, with its modules by name. */
export interface Kernel {
  readonly image: string;
  readonly release: string;
  readonly modules: ReadonlyMap<string, string>;
}

const suites: Readonly<Record<KernelName, string>> = {
  "debian-11": "bullseye",
  "debian-12": "bookworm",
  "debian-13": "trixie",
};
/** What apt fetches from. */
interface Source {
  readonly suite: string;
  readonly debianName: string;
}

function sourceOf(name: KernelName, architecture: Architecture): Source {
  return { suite: suites[name], debianName: emulators[architecture].debianName };
}

/** Name of a kernel's place in the cache. */
function placeOf(name: KernelName, architecture: Architecture): string {
  return architecture === "x64" ? name : `${name}-${architecture}`;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Where kernels are kept: $XDG_CACHE_HOME/cupel/hosts or ~/.cache/cupel/hosts. */
function cacheDirectory(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(base, "cupel/hosts");
}

/** Runs a program of this machine's and gives its output. @throws Error with its last words. */
export function runTool(command: readonly string[], cwd?: string): string {
  const ran = Bun.spawnSync([...command], { stderr: "pipe", ...(cwd === undefined ? {} : { cwd }) });
  if (!ran.success) throw new Error(`${command.join(" ")} failed: ${ran.stderr.toString().trim().split("\n").at(-1)}`);
  return ran.stdout.toString();
}

/** The mirror that this machine uses for its own packages. */
function findMirror(): string {
  const files = ["/etc/apt/sources.list", ...listOf("/etc/apt/sources.list.d")].filter((path) => existsSync(path));
  const text = files.map((path) => readFileSync(path, "utf8")).join("\n");
  const found = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1];
  if (found === undefined) throw new Error("no Debian mirror is named in /etc/apt: kernels cannot be fetched");
  return found;
}

function listOf(path: string): string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}

/** Apt with directories of its own, so that the machine's lists and sources stay as they are. */
function aptFor(directory: string, { suite, debianName }: Source): (...words: string[]) => string {
  const lists = join(directory, "lists");
  mkdirSync(join(lists, "partial"), { recursive: true });
  mkdirSync(join(directory, "archives/partial"), { recursive: true });
  const sources = join(directory, "sources.list");
  writeFileSync(sources, `deb [signed-by=${keyring} arch=${debianName}] ${findMirror()} ${suite} main\n`);
  writeFileSync(join(directory, "status"), "");
  const options = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": lists,
    "Dir::State::status": join(directory, "status"),
    "Dir::Cache": directory,
    "APT::Architecture": debianName,
    "APT::Architectures": debianName,
    "Acquire::Languages": "none",
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "3",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (...rest) => runTool(["apt-get", "-qq", ...words, ...rest], directory);
}

/** Packages of a suite, unpacked under one directory; the work of a killed run is thrown away. */
function unpack(source: Source, into: string, choose: (apt: ReturnType<typeof aptFor>) => readonly string[]): void {
  if (existsSync(into)) return;
  const work = `${into}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const apt = aptFor(work, source);
  apt("update");
  apt("download", ...choose(apt));
  for (const name of readdirSync(work).filter((entry) => entry.endsWith(".deb"))) {
    runTool(["dpkg-deb", "-x", name, "root"], work);
  }
  publish(join(work, "root"), into);
  rmSync(work, { recursive: true, force: true });
}

/** Gives it its name in the cache, unless another run, which was at it as well, was faster. */
function publish(made: string, into: string): void {
  try {
    renameSync(made, into);
  } catch (error) {
    if (!existsSync(into)) throw error;
  }
}

/** What would be installed where nothing is: these and all that they depend on. */
function withDependencies(apt: ReturnType<typeof aptFor>, packages: readonly string[]): string[] {
  const simulated = apt("install", "--simulate", "--no-install-recommends", ...packages);
  return [...simulated.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => name ?? []);
}

/** The package that the meta package stands for today. */
function newestKernel(apt: ReturnType<typeof aptFor>, { debianName }: Source): string[] {
  const metaPackage = `linux-image-cloud-${debianName}`;
  const found = withDependencies(apt, [metaPackage]).find((name) => /^linux-image-\d/.test(name));
  if (found === undefined) throw new Error(`${metaPackage} names no kernel`);
  return [found];
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));
}

/** The kernel, fetched once. @throws Error where apt cannot fetch it. */
export function obtainKernel(name: KernelName, architecture: Architecture): Kernel {
  const source = sourceOf(name, architecture);
  const root = join(cacheDirectory(), placeOf(name, architecture));
  mkdirSync(cacheDirectory(), { recursive: true });
  unpack(source, root, (apt) => newestKernel(apt, source));
  const boot = readdirSync(join(root, "boot")).find((entry) => entry.startsWith("vmlinuz-"));
  if (boot === undefined) throw new Error(`${root}/boot holds no kernel; remove ${root} to fetch it again`);
  const release = boot.slice("vmlinuz-".length);
  const places = ["lib/modules", "usr/lib/modules"].map((place) => join(root, place, release));
  const files = places.filter((place) => existsSync(place)).flatMap(listFiles);
  const modules = new Map(
    files.flatMap((path) => {
      const found = /\/([^/]+)\.ko(?:\.xz)?$/.exec(path)?.[1];
      return found === undefined ? [] : [[found.replaceAll("-", "_"), path] as const];
    }),
  );
  return { image: join(root, "boot", boot), release, modules };
}

/** What a host has of its kernel's release. */
type Packages = Pick<LabHost, "kernel" | "architecture" | "packages" | "dependencies">;

/** Name of the place of such packages in the cache. */
export function placeOfPackages({ kernel, architecture = "x64", packages = [], dependencies }: Packages): string {
  const names = [placeOf(kernel, architecture), ...packages.toSorted()].join("+");
  return dependencies === "all" ? `${names}+dependencies` : names;
}

/** They, unpacked: the directory that holds their files. */
export function obtainPackages(host: Packages): string {
  const { kernel, architecture = "x64", packages = [], dependencies } = host;
  const root = join(cacheDirectory(), placeOfPackages(host));
  mkdirSync(cacheDirectory(), { recursive: true });
  const choose = (apt: ReturnType<typeof aptFor>): readonly string[] =>
    dependencies === "all" ? withDependencies(apt, packages) : packages;
  unpack(sourceOf(kernel, architecture), root, choose);
  return root;
}

/** What a system with systemd and users' managers is made of. */
const systemPackages = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps";

/** Packages that are installed, by their own scripts: a small Debian with systemd. Root's work. @throws Error. */
export function obtainSystem(name: KernelName): string {
  const root = join(cacheDirectory(), `${name}-systemd`);
  if (existsSync(root)) return root;
  const work = `${root}.${process.pid}`;
  try {
    runTool(["debootstrap", "--variant=minbase", `--include=${systemPackages}`, suites[name], work, findMirror()]);
    for (const place of ["var/cache/apt", "var/lib/apt", "usr/share/doc", "usr/share/locale", "usr/share/man"]) {
      rmSync(join(work, place), { recursive: true, force: true });
    }
    publish(work, root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return root;
}

/** The module's bytes and those of all that it needs, in the order of loading. */
export function loadModules(kernel: Kernel, names: readonly string[]): { name: string; bytes: Buffer }[] {
  const loaded = new Map<string, Buffer>();
  const load = (name: string): void => {
    const plain = name.replaceAll("-", "_");
    if (loaded.has(plain)) return;
    const path = kernel.modules.get(plain);
    if (path === undefined) return; // Built in.
    const bytes = path.endsWith(".xz") ? Buffer.from(Bun.spawnSync(["xz", "-dc", path]).stdout) : readFileSync(path);
    for (const needed of parseDepends(bytes)) load(needed);
    loaded.set(plain, bytes);
  };
  names.forEach(load);
  return [...loaded].map(([name, bytes]) => ({ name, bytes }));
}

/** `depends=` of the section .modinfo (kernel/module, scripts/mod/modpost.c). */
function parseDepends(bytes: Buffer): string[] {
  const at = bytes.indexOf("\0depends=");
  if (at < 0) return [];
  const text = bytes.subarray(at + "\0depends=".length, bytes.indexOf(0, at + 1)).toString();
  return text.split(",").filter((name) => name !== "");
}
