/** Kernel modules: what is there, and whether using what is not there would have the kernel load something. */
import type { Host } from "../host/host.ts";

/**
 * Whether the kernel loads modules at all: /proc/modules exists where it was built to (CONFIG_MODULES), and
 * kernel.modules_disabled is a switch that is thrown once (Documentation/admin-guide/sysctl/kernel.rst).
 */
export function canLoadModules(host: Host): boolean {
  const disabled = host.readText("/proc/sys/kernel/modules_disabled");
  return host.status("/proc/modules").ok && !(disabled.ok && disabled.value.trim() === "1");
}

/** Whether a module is loaded, or built in: only those with parameters are below /sys/module then. */
export function isModulePresent(host: Host, name: string): boolean {
  if (host.status(`/sys/module/${name}`).ok) return true;
  const release = host.readText("/proc/sys/kernel/osrelease");
  if (!release.ok) return false;
  const built = host.readText(`/lib/modules/${release.value.trim()}/modules.builtin`);
  const text = built.ok ? built.value : "";
  return [name, name.replaceAll("_", "-")].some((file) => text.includes(`/${file}.ko`));
}

/** Whether it can be used without a module being loaded for it. A probe may use it only then. */
export function isUsableAsIs(host: Host, name: string): boolean {
  return isModulePresent(host, name) || !canLoadModules(host);
}
