/** Tunnels: the device by which a program in user space is a network. */
import { askDevice, type Question } from "./_ask-device.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeEntry } from "./_network-own.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const tunnel: Question = {
  device: {
    path: "/dev/net/tun",
    what: "tunnels",
    registeredAs: { file: "/proc/misc", names: ["tun"] },
    module: "tun",
  },
  kind: "tunnel",
  words: { namespaces: "a network namespace of its own" },
  ask: "TUNSETIFF inside",
  judge: (reading, evidence) =>
    finding({
      state: "works",
      level: "exercised",
      summary: `a tunnel was made in a namespace of its own (${reading.steps.get("ask")?.text ?? ""})`,
      evidence,
    }),
  stop: judgeEntry,
};

async function run(context: ProbeContext) {
  return { "device.tun": await askDevice(context, tunnel) };
}

/** Probe `tunnel`. */
export default defineProbe({
  id: "tunnel",
  area: "network",
  capabilities: { "device.tun": "Tunnel device" },
  deadlineMs: 6000,
  run: onLinux(["device.tun"], run),
});
