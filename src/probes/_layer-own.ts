/** Layers that are always there: the processor, the kernel and its distribution, the session that cupel was started in. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { lineOrErrno, oneLine, readLine } from "./_host-text.ts";

/** A layer's name, and where it comes from. */
export interface NamedLayer {
  readonly name: string;
  readonly evidence: readonly Evidence[];
}

/** The processor, as far as a guest is shown it. */
export function findHardware(host: Host): NamedLayer {
  const text = host.readText("/proc/cpuinfo");
  const model = /^(?:model name|Processor|CPU part)\s*:\s*(.+)$/m.exec(text.ok ? text.value : "")?.[1];
  const name = model === undefined ? host.architecture : oneLine(model);
  return {
    name,
    evidence: [{ action: "the processor in /proc/cpuinfo", result: model ?? (text.ok ? "not named" : text.errno) }],
  };
}

/** The kernel, and the distribution whose files are around us: in a container these are two owners. */
export function findSystem(host: Host): NamedLayer {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const files = ["/etc/os-release", "/usr/lib/os-release"].map((path) => host.readText(path));
  const description = files.find((file) => file.ok);
  const pretty = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(description?.ok === true ? description.value : "")?.[1];
  const evidence: Evidence[] = [
    { action: "read /proc/sys/kernel/osrelease", result: lineOrErrno(release) },
    { action: "PRETTY_NAME of os-release", result: pretty === undefined ? "not there" : oneLine(pretty) },
  ];
  const kernel = `Linux ${release.ok ? release.value : "of unknown release"}`;
  return { name: pretty === undefined ? kernel : `${oneLine(pretty)}, ${kernel}`, evidence };
}

/** How cupel was started: the control group says it best where systemd is the manager. */
export function findSession(host: Host): NamedLayer {
  const groups = host.readText("/proc/self/cgroup");
  const unit = /\/([^/\n]+\.(?:service|scope))(?:\/|$)/m.exec(groups.ok ? groups.value : "")?.[1];
  const evidence: Evidence[] = [
    {
      action: "unit in /proc/self/cgroup",
      result: unit === undefined ? (groups.ok ? "none" : groups.errno) : oneLine(unit),
    },
    { action: "uid", result: String(host.identity.uid) },
  ];
  const who = host.identity.uid === 0 ? "root" : `uid ${host.identity.uid}`;
  return { name: unit === undefined ? who : `${who} in ${oneLine(unit)}`, evidence };
}
