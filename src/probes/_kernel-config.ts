/** The configuration that a kernel was built with, where it or its package left one. */
import type { Host } from "../host/host.ts";
import { errnoOf } from "../host/errno-of.ts";
import type { Evidence } from "../model/capability.ts";

/** Options by name without `CONFIG_`, to `y`, `m` or a value; what is not set is not in it. */
export type KernelOptions = ReadonlyMap<string, string>;

/** What was found where. */
export interface KernelConfig {
  readonly path: string;
  readonly options: KernelOptions;
}

/** No kernel's configuration is longer; what inflates to more is none. */
const textBytesMax = 8 * 1024 * 1024;

/** The kernel itself has it under CONFIG_IKCONFIG_PROC; distributions install it in one of the other places. */
function listPlaces(release: string | undefined): string[] {
  const ofRelease =
    release === undefined || !/^[\w.+~-]{1,100}$/.test(release)
      ? []
      : [
          `/boot/config-${release}`,
          `/lib/modules/${release}/config`,
          `/usr/lib/modules/${release}/config`,
          `/lib/modules/${release}/build/.config`,
        ];
  return ["/proc/config.gz", ...ofRelease];
}

/** The first configuration of this very kernel, and everywhere that was looked. */
export async function readKernelConfig(
  host: Host,
  release: string | undefined,
): Promise<{ readonly config: KernelConfig | undefined; readonly evidence: readonly Evidence[] }> {
  const evidence: Evidence[] = [];
  for (const path of listPlaces(release)) {
    const text = path.endsWith(".gz") ? await readCompressed(host, path) : host.readText(path);
    const options = text.ok ? parseKernelConfig(text.value) : undefined;
    const isConfig = options !== undefined && options.size > 0;
    evidence.push({ action: `read ${path}`, result: text.ok ? `${options?.size ?? 0} options set` : text.errno });
    if (isConfig) return { config: { path, options }, evidence };
  }
  return { config: undefined, evidence };
}

async function readCompressed(host: Host, path: string): Promise<ReturnType<Host["readText"]>> {
  const bytes = host.readBytes(path);
  if (!bytes.ok) return bytes;
  const { gunzipSync } = await import("node:zlib");
  try {
    return { ok: true, value: gunzipSync(bytes.value, { maxOutputLength: textBytesMax }).toString("utf8") };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}

/** Lines `CONFIG_NAME=value`; comments say what is not set. */
export function parseKernelConfig(text: string): KernelOptions {
  const found = text.matchAll(/^CONFIG_([A-Z0-9_a-z]+)=(.*)$/gm);
  return new Map([...found].map(([, name = "", value = ""]) => [name, value.replaceAll('"', "")]));
}
