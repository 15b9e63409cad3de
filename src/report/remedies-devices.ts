/** Remedies for devices, modules, hypervisors and firmware. */
import { advice, deviceIn, engineFlags, isInContainer, machineOwner, steps } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Modules that make a device appear. */
const modulesOfDevices: Readonly<Record<string, string>> = {
  "/dev/fuse": "fuse",
  "/dev/net/tun": "tun",
  "/dev/vhost-net": "vhost_net",
  "/dev/vhost-vsock": "vhost_vsock",
};

const untilBoot = "this machine, until the next boot";

/** From the device file down to the firmware. */
export const deviceRemedies: readonly RemedyRow[] = [
  {
    id: "container-add-device",
    code: "device-missing",
    scope: "this container, each time that it is started",
    when: isInContainer,
    remedy: passDevice,
  },
  {
    id: "switch-virtualization-on",
    code: "device-missing",
    scope: "this machine",
    when: ({ blocker }) => blocker.detail.includes("shows no virtualization"),
    remedy: () =>
      advice(
        "host operator",
        "switch virtualization on in the firmware, or nesting in the hypervisor around this machine",
      ),
  },
  {
    id: "show-device",
    code: "device-missing",
    scope: "the /dev that cupel sees",
    when: ({ blocker }) => blocker.detail.includes("not in this /dev"),
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), `let ${deviceIn(remedyCase) ?? "the device"} appear in this /dev`),
  },
  {
    id: "load-kvm-module",
    code: "device-missing",
    scope: untilBoot,
    when: (remedyCase) => deviceIn(remedyCase) === "/dev/kvm",
    remedy: () => advice("administrator", "load the KVM module of this processor: kvm_intel or kvm_amd"),
  },
  {
    id: "load-device-module",
    code: "device-missing",
    scope: untilBoot,
    when: (remedyCase) => Object.hasOwn(modulesOfDevices, deviceIn(remedyCase) ?? ""),
    remedy: (remedyCase) => loadModule(modulesOfDevices[deviceIn(remedyCase) ?? ""] ?? ""),
  },
  {
    id: "provide-device",
    code: "device-missing",
    scope: "this machine",
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), "make the device available: load its driver or add the hardware"),
  },
  {
    id: "allow-device-for-user",
    code: "device-mode",
    scope: "one device for one user, until the device is made anew",
    when: (remedyCase) => deviceIn(remedyCase) !== undefined,
    remedy: allowDevice,
  },
  {
    id: "allow-some-device-for-user",
    code: "device-mode",
    scope: "one device for one user, until the device is made anew",
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), "give this user, and nobody else, access to the device (setfacl)"),
  },
  {
    id: "container-allow-device",
    code: "device-cgroup",
    scope: "this container, each time that it is started",
    remedy: passDevice,
  },
  {
    id: "move-device",
    code: "nodev",
    scope: "the /dev that cupel sees",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        `put ${deviceIn(remedyCase) ?? "the device"} on a file system that is not mounted nodev`,
      ),
  },
  {
    id: "load-module",
    code: "module-missing",
    scope: untilBoot,
    when: (remedyCase) => moduleIn(remedyCase) !== undefined && !isInContainer(remedyCase),
    remedy: (remedyCase) => loadModule(moduleIn(remedyCase) ?? ""),
  },
  {
    id: "load-module-on-host",
    code: "module-missing",
    scope: "the machine, until the next boot",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "load the kernel module on the host"),
  },
  {
    id: "switch-nesting-on",
    code: "hypervisor-nested-off",
    scope: "the hypervisor around this machine",
    remedy: () =>
      advice(
        "host operator",
        "switch nested virtualization on in the hypervisor around this machine (module option kvm_intel nested=1 or " +
          "kvm_amd nested=1; clouds offer it for some machine types only)",
      ),
  },
  {
    id: "switch-firmware-virtualization-on",
    code: "firmware",
    scope: "this machine",
    remedy: () =>
      advice("administrator", "switch virtualization on in the firmware (VT-x, or SVM on AMD) and boot again"),
  },
];

function loadModule(name: string): RemedyText {
  return advice("administrator", `load the kernel module ${name}, until the next boot`);
}

function passDevice(remedyCase: RemedyCase): RemedyText {
  const device = deviceIn(remedyCase);
  const isKnown = ["docker", "podman"].includes(remedyCase.facts.container ?? "") && device !== undefined;
  const risk = "whatever runs in the container has the device then";
  return isKnown
    ? engineFlags(`start the container with the device ${device}`, [`--device ${device}`], { risk })
    : advice("host operator", `start the container with the device ${device ?? "that is needed"}`, risk);
}

/** An access list entry for one user: a group or a wider mode would let others in, too. */
function allowDevice(remedyCase: RemedyCase): RemedyText {
  const { facts, sudo } = remedyCase;
  const device = deviceIn(remedyCase) ?? "";
  const user = facts.uid === undefined || facts.uid === 0 ? '"$(id -u)"' : String(facts.uid);
  return steps({
    summary: `give this user access to ${device} until it is made anew`,
    commands: [`${sudo}setfacl -m u:${user}:rw ${device}`],
    undo: [`${sudo}setfacl -x u:${user} ${device}`],
    appliedBy: machineOwner(remedyCase),
    risk: "this user's programs can then use the device, and reach the kernel through it",
  });
}

function moduleIn({ blocker }: RemedyCase): string | undefined {
  const [, before, after] = /\b([a-z0-9_]+) module\b|\bmodule ([a-z0-9_]+)\b/u.exec(blocker.detail) ?? [];
  const name = after ?? before;
  return name === undefined || ["kernel", "the", "a", "no", "is", "not"].includes(name) ? undefined : name;
}
