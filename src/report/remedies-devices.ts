/** Remedies for devices, modules, hypervisors and firmware. */
import { advice, deviceIn, isInContainer, machineOwner } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Modules that make a device appear. */
const modulesOfDevices: Readonly<Record<string, string>> = {
  "/dev/fuse": "fuse",
  "/dev/net/tun": "tun",
  "/dev/vhost-net": "vhost_net",
  "/dev/vhost-vsock": "vhost_vsock",
};

/** From the device file down to the firmware. */
export const deviceRemedies: readonly RemedyRow[] = [
  { code: "device-missing", when: isInContainer, remedy: passDevice },
  {
    code: "device-missing",
    when: ({ blocker }) => blocker.detail.includes("shows no virtualization"),
    remedy: () =>
      advice(
        "host operator",
        "switch virtualization on in the firmware, or nesting in the hypervisor around this machine",
      ),
  },
  {
    code: "device-missing",
    when: ({ blocker }) => blocker.detail.includes("not in this /dev"),
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), `let ${deviceIn(remedyCase) ?? "the device"} appear in this /dev`),
  },
  {
    code: "device-missing",
    when: (remedyCase) => deviceIn(remedyCase) === "/dev/kvm",
    remedy: ({ sudo }) =>
      command("load the KVM module of this processor", `${sudo}modprobe kvm_intel || ${sudo}modprobe kvm_amd`),
  },
  {
    code: "device-missing",
    when: (remedyCase) => Object.hasOwn(modulesOfDevices, deviceIn(remedyCase) ?? ""),
    remedy: (remedyCase) => loadModule(modulesOfDevices[deviceIn(remedyCase) ?? ""] ?? "", remedyCase),
  },
  {
    code: "device-missing",
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), "make the device available: load its driver or add the hardware"),
  },
  { code: "device-mode", when: (remedyCase) => deviceIn(remedyCase) !== undefined, remedy: allowDevice },
  {
    code: "device-mode",
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), "give this user, and nobody else, access to the device (setfacl)"),
  },
  { code: "device-cgroup", remedy: passDevice },
  {
    code: "nodev",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        `put ${deviceIn(remedyCase) ?? "the device"} on a file system that is not mounted nodev`,
      ),
  },
  {
    code: "module-missing",
    when: (remedyCase) => moduleIn(remedyCase) !== undefined && !isInContainer(remedyCase),
    remedy: (remedyCase) => loadModule(moduleIn(remedyCase) ?? "", remedyCase),
  },
  {
    code: "module-missing",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "load the kernel module on the host"),
  },
  {
    code: "hypervisor-nested-off",
    remedy: () =>
      advice(
        "host operator",
        "switch nested virtualization on in the hypervisor around this machine (module option kvm_intel nested=1 or " +
          "kvm_amd nested=1; clouds offer it for some machine types only)",
      ),
  },
  {
    code: "firmware",
    remedy: () =>
      advice("administrator", "switch virtualization on in the firmware (VT-x, or SVM on AMD) and boot again"),
  },
];

function command(summary: string, line: string, risk = ""): RemedyText {
  return { summary, commands: [line], appliedBy: "administrator", reversible: true, risk };
}

function loadModule(name: string, { sudo }: RemedyCase): RemedyText {
  return command(`load the kernel module ${name} until the next boot`, `${sudo}modprobe ${name}`);
}

function passDevice(remedyCase: RemedyCase): RemedyText {
  const device = deviceIn(remedyCase);
  const flag = device === undefined ? "--device PATH" : `--device ${device}`;
  return advice(
    "host operator",
    `start the container with ${flag}`,
    "whatever runs in the container has the device then",
  );
}

/** An access list entry for one user: a group or a wider mode would let others in, too. */
function allowDevice(remedyCase: RemedyCase): RemedyText {
  const device = deviceIn(remedyCase) ?? "";
  return {
    summary: `give this user access to ${device} until it is made anew`,
    commands: [`${remedyCase.sudo}setfacl -m "u:$(id -un):rw" ${device}`],
    appliedBy: machineOwner(remedyCase),
    reversible: true,
    risk: "this user's programs can then use the device, and reach the kernel through it",
  };
}

function moduleIn({ blocker }: RemedyCase): string | undefined {
  const [, before, after] = /\b([a-z0-9_]+) module\b|\bmodule ([a-z0-9_]+)\b/u.exec(blocker.detail) ?? [];
  const name = after ?? before;
  return name === undefined || ["kernel", "the", "a", "no", "is", "not"].includes(name) ? undefined : name;
}
