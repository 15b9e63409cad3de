/** Installs the peers: Debian packages on the system, npm packages into the workshop. Nothing of it is cupel's. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "./options.ts";
import { peers } from "./peers.ts";

/** What the peers need besides themselves: the sandbox-runtime looks for these two. */
const companions = ["socat", "ripgrep", "npm"];

function isInstalled(debianPackage: string): boolean {
  const ran = Bun.spawnSync(["dpkg-query", "-W", "-f", "${db:Status-Status}", debianPackage]);
  return ran.stdout.toString() === "installed";
}

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const ran = Bun.spawnSync([...command], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (!ran.success) throw new BenchError(`${command.join(" ")} failed; its reason is above`);
}

/** Installs what is missing. @throws BenchError where a package manager fails or is not root's to use. */
export function installPeers(workshop: string): void {
  const debian = peers.flatMap(({ source }) => ("debian" in source ? source.debian : []));
  const missing = [...new Set([...debian, ...companions])].filter((name) => !isInstalled(name) && !isProvided(name));
  if (missing.length > 0) {
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
    if (process.geteuid?.() !== 0) throw new BenchError(`only root can install ${missing.join(", ")}`);
    run([...install, ...missing], { DEBIAN_FRONTEND: "noninteractive" });
  }
  const prefix = join(workshop, "npm");
  mkdirSync(prefix, { recursive: true });
  const packages = peers.flatMap(({ source }) => ("npm" in source ? [source.npm] : []));
  run(["npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", ...packages]);
}

/** There without its package: Node's own distribution brings npm along. */
function isProvided(name: string): boolean {
  return Bun.which(name) !== null;
}
