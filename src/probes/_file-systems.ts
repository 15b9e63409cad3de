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
  const detail =
    module.path === undefined
      ? `neither this kernel nor its modules directory has the module ${name}`
      : `the module ${name} is there (${module.path}) but not loaded, and probes load nothing`;
  return finding({
    state: module.path === undefined ? "absent" : "blocked",
    level: "declared",
    summary: detail,
    evidence: [
      { action, result: "not listed" },
      { action: `look for it in ${module.directory}`, result: module.path ?? "not found" },
    ],
    blockers: [{ code: "module-missing", detail }],
  });
}

interface Module {
  readonly directory: string;
  readonly path?: string | undefined;
}

/** "kernel/fs/overlayfs/overlay.ko.xz: …", modules.dep(5). */
function findModule(host: Host, name: string): Module {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const directory = `/lib/modules/${release.ok ? release.value : ""}`;
  const index = host.readText(`${directory}/modules.dep`);
  const file = index.ok
    ? new RegExp(`^[\\w./-]*/(?:${modulesOf[name] ?? name})\\.ko[.a-z0-9]*(?=:)`, "m").exec(index.value)
    : null;
  return { directory, path: file === null ? undefined : oneLine(file[0]) };
}

/** Modules that are not called like their file system. */
const modulesOf: Readonly<Record<string, string>> = { overlay: "overlay|overlayfs" };
