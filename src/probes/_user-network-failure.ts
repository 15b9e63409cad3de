/** Why pasta or slirp4netns gave no interface: most often /dev/net/tun, which both of them open. */
import type { Host } from "../host/host.ts";
import type { ProberStep } from "../launch/helper-port.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";

const device = "/dev/net/tun";

/** What a program said that matters: what is about the device, else its last words. Its lines come joined by `?`. Pure. */
export function parseComplaint(text: string): string {
  const lines = text.split(/[?\n]/).map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !/bytes to syslog/.test(line));
  return oneLine(told.find((line) => /\btun\b/.test(line)) ?? told.at(-1) ?? "", 200);
}

/** The finding for a program that ended without an interface. */
export function judgeNoInterface(host: Host, path: string, ended: ProberStep, evidence: readonly Evidence[]): Finding {
  const how = ended.errno === "ok" ? `exit ${ended.value}` : `signal ${ended.value}`;
  const said = parseComplaint(ended.text) || how;
  const status = host.status(device);
  const mode = status.ok ? `mode ${status.value.mode.toString(8)}, owner ${status.value.uid}` : status.errno;
  const seen = [
    ...evidence,
    { action: `run ${path}`, result: parseComplaint(ended.text) === "" ? how : `${how}: ${said}` },
    { action: `stat ${device}`, result: mode },
  ];
  const blocker = /\btun\b/.test(said) ? judgeDevice(host, said) : undefined;
  const detail = `${path} gave no interface: ${said}`;
  return finding({
    state: "blocked",
    level: "exercised",
    summary: blocker?.detail ?? detail,
    evidence: seen,
    blockers: [blocker ?? { code: "unknown", detail }],
  });
}

/** What is at the device, by what its user may do with it. */
function judgeDevice(host: Host, said: string): Blocker | undefined {
  const status = host.status(device);
  if (!status.ok) return { code: "device-missing", detail: `${device} is not there (${status.errno})` };
  const { mode, uid, gid } = status.value;
  const { identity } = host;
  const shift = identity.uid === uid ? 6 : identity.groups.includes(gid) || identity.gid === gid ? 3 : 0;
  const mayUse = identity.uid === 0 || ((mode >> shift) & 0o6) === 0o6;
  if (!mayUse) {
    return { code: "device-mode", detail: `${device} is not for this user: mode ${mode.toString(8)}, owner ${uid}` };
  }
  if (/No such device/i.test(said))
    return { code: "module-missing", detail: `${device}: no driver behind it (module tun)` };
  if (/not permitted/i.test(said))
    return { code: "device-cgroup", detail: `${device} may not be opened in this control group` };
  return undefined;
}
