/**
 * A machine whose C library is musl. Its loader is Debian's own; the C++ library, which Debian has for glibc alone, is
 * made for the test: the parts of libstdc++ that an executable asks for, on what musl has. It throws no exceptions.
 */
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execute } from "./execute.ts";
import { makeFreshRoot, type FreshRoot } from "./fresh-root.ts";
import type { Caller } from "./tester.ts";

/** Where Debian keeps the loader, which is the C library too. */
export const muslLoader = "/lib/ld-musl-x86_64.so.1";

/** Where Debian keeps libstdc++ as objects for a shared library. */
export function findLibraryObjects(): string | undefined {
  return [...new Bun.Glob("usr/lib/gcc/x86_64-linux-gnu/*/libstdc++_pic.a").scanSync({ cwd: "/", absolute: true })][0];
}

/** Makes one in which `executable` can be run as /usr/bin/cupel. */
export async function makeMuslRoot(executable: string, callers: readonly Caller[]): Promise<FreshRoot> {
  const root = makeFreshRoot([], callers);
  root.folder("lib");
  cpSync(muslLoader, root.at("lib/ld-musl-x86_64.so.1"), { dereference: true });
  symlinkSync("ld-musl-x86_64.so.1", root.at("lib/libc.musl-x86_64.so.1"));
  cpSync(executable, root.at("usr/bin/cupel"));
  root.folder("usr/lib");
  await linkLibrary(executable, root.at("usr/lib/libstdc++.so.6"), root.file("tmp/stand-in.c", standIn));
  return root;
}

// --- internal ---

/** What Debian's objects want of glibc and musl does not have. */
const standIn = `
void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
char __libc_single_threaded = 0;
int _dl_find_object(void *address, void *result) { (void)address; (void)result; return -1; }
long getrandom(void *buffer, unsigned long size, unsigned flags);
unsigned arc4random(void) { unsigned value = 0; getrandom(&value, sizeof value, 0); return value; }
`;

async function output(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(words);
  if (code !== 0) throw new Error(`${words[0]}: ${stderr}`);
  return stdout;
}

/** Names that the executable does not define, and those of which it holds a copy (R_X86_64_COPY). */
async function listWanted(executable: string): Promise<string[]> {
  const undefinedOnes = (await output("nm", "-D", "--undefined-only", executable)).matchAll(/ (\S+)$/gm);
  const copied = (await output("readelf", "-rW", executable)).matchAll(/R_X86_64_COPY\s+\S+\s+(\S+)/g);
  return [...undefinedOnes, ...copied].map(([, name = ""]) => name.replace(/@.*/, ""));
}

async function linkLibrary(executable: string, library: string, source: string): Promise<void> {
  const inMusl = new Set(
    [...(await output("nm", "-D", "--defined-only", muslLoader)).matchAll(/ (\S+)$/gm)].map(([, name]) => name),
  );
  const wanted = (await listWanted(executable)).filter((name) => !inMusl.has(name) && !/^(_ITM|__gmon)/.test(name));
  const unwinder = (await output("gcc", "-print-file-name=libgcc_eh.a")).trim();
  const flags = ["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libstdc++.so.6", "-o", library];
  const objects = [source, findLibraryObjects() ?? "", unwinder, join(unwinder, "../libgcc.a")];
  await output("gcc", ...flags, ...wanted.map((name) => `-Wl,-u,${name}`), ...objects);
}
