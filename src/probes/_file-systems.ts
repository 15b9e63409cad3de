/** Which file systems this kernel has by now: to mount another, or to open its device, could load a module as root. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { oneLine, readLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";

/** The finding where a file system must not be tried; undefined where the kernel has it. proc(5), /proc/filesystems. */
export function withoutFileSystem(host: Host, name: string): Finding | undefined {
  const listed = host.readText("/proc/filesystems");
  const action = `look for ${name} in /proc/filesystems`;
  if (!listed.ok) {
    return finding({
      state: "unknown",
      level: "inferred",
      summary: `not tried: /proc/filesystems cannot be read (${listed.errno}), and to mount ${name} could load a module`,
      evidence: [{ action, result: listed.errno }],
    });
  }
  if (listed.value.split("\n").some((line) => line.trim().split(/\s+/).at(-1) === name)) return undefined;
  const module = findModule(host, name);
  const { state, code, detail } = explainMissing(name, module);
  return finding({
    state,
    level: "declared",
    summary: detail,
    evidence: [
      { action, result: "not listed" },
      { action: `look for it in ${module.directory}`, result: module.answer },
    ],
    blockers: [{ code, detail }],
  });
}

interface Module {
  readonly directory: string;
  readonly isIndexed: boolean;
  /** Its path, `not found`, or why its directory cannot be looked into. */
  readonly answer: string;
  readonly isThere: boolean;
}

function explainMissing(name: string, { isIndexed, isThere, answer, directory }: Module) {
  if (isThere) {
    const detail = `the module ${name} is there (${answer}) but not loaded, and probes load nothing`;
    return { state: "blocked", code: "module-missing", detail } as const;
  }
  if (isIndexed) {
    const detail = `${name} is neither in this kernel nor among its modules (${directory})`;
    return { state: "absent", code: "kernel-config", detail } as const;
  }
  const detail = `${name} is not in this kernel by now, and its modules are not to be seen here (${directory}: ${answer})`;
  return { state: "absent", code: "module-missing", detail } as const;
}

/** "kernel/fs/overlayfs/overlay.ko.xz: …", modules.dep(5). */
function findModule(host: Host, name: string): Module {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const directory = `/lib/modules/${release.ok ? release.value : ""}`;
  const index = host.readText(`${directory}/modules.dep`);
  if (!index.ok) return { directory, isIndexed: false, isThere: false, answer: index.errno };
  const pattern = new RegExp(`^[\\w./-]*/(?:${modulesOf[name] ?? name})\\.ko[.a-z0-9]*(?=:)`, "m");
  const file = pattern.exec(index.value)?.[0];
  const answer = file === undefined ? "not found" : oneLine(file);
  return { directory, isIndexed: true, isThere: file !== undefined, answer };
}

/** Modules that are not called like their file system. */
const modulesOf: Readonly<Record<string, string>> = { overlay: "overlay|overlayfs" };
