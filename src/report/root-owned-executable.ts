/** The executable that cupel runs as, where nobody but root can put another in its place. */
import type { Host } from "../host/host.ts";

/**
 * Its path, if it is cupel's own (a profile for a runtime that runs any script would be everyone's), and if it and every
 * directory above it are root's and nobody else may write them.
 */
export function findRootOwnedExecutable(host: Pick<Host, "readLink" | "linkStatus">): string | undefined {
  const link = host.readLink("/proc/self/exe");
  if (!link.ok || !link.value.startsWith("/") || !link.value.endsWith("/cupel")) return undefined;
  const names = link.value.split("/").slice(1);
  const chain = ["/", ...names.map((_, at) => `/${names.slice(0, at + 1).join("/")}`)];
  return chain.every((path) => isRootsAlone(host, path)) ? link.value : undefined;
}

const othersMayWrite = 0o022;

function isRootsAlone(host: Pick<Host, "linkStatus">, path: string): boolean {
  const status = host.linkStatus(path);
  return status.ok && status.value.uid === 0 && (status.value.mode & othersMayWrite) === 0;
}
