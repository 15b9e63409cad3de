/** Graphics processors, as far as their drivers' first answers: render nodes, AMD's compute device, WSL's. */
import type { Evidence, Finding } from "../model/capability.ts";
import { askDevice, type Question } from "./_ask-device.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const ids = ["gpu.render", "gpu.amd", "gpu.wsl"] as const;

/** More cards than this are asked no more: they are of one kind. */
const nodesMax = 8;

async function run(context: ProbeContext) {
  const [render, amd, wsl] = await Promise.all([
    probeRenderNodes(context),
    askDevice(context, compute),
    askDevice(context, paravirtual),
  ]);
  return { "gpu.render": render, "gpu.amd": amd, "gpu.wsl": wsl };
}

/** Documentation/gpu/drm-uapi.rst: render nodes are renderD128 to renderD191. */
function renderNode(path: string): Question {
  return {
    device: {
      path,
      what: "graphics",
      registeredAs: { file: "/proc/devices", names: ["drm"] },
    },
    kind: "render-node",
    ask: "DRM_IOCTL_VERSION",
    judge: (reading, evidence) => {
      const driver = reading.steps.get("ask")?.text ?? "";
      const summary = `${path} answers with the driver ${driver}; nothing was rendered`;
      return finding({ state: "works", level: "exercised", summary, evidence, value: driver });
    },
  };
}

async function probeRenderNodes(context: ProbeContext): Promise<Finding> {
  const listed = context.host.list("/dev/dri");
  const nodes = listed.ok ? listed.value.filter((name) => /^renderD\d+$/.test(name)).slice(0, nodesMax) : [];
  const [first] = nodes;
  if (first === undefined) return noRenderNode(context, listed.ok ? "no render node" : listed.errno);
  const found = await Promise.all(nodes.map((name) => askDevice(context, renderNode(`/dev/dri/${name}`))));
  const working = found.filter(({ state }) => state === "works");
  const evidence = found.flatMap((one) => one.evidence);
  if (working.length === 0) return { ...(found[0] as Finding), evidence };
  const drivers = [...new Set(working.map(({ value }) => String(value)))].join(", ");
  const refused = found.flatMap(({ blockers }) => blockers);
  const summary = `${working.length} of ${nodes.length} render nodes answer (driver ${drivers}); nothing was rendered`;
  return finding({
    state: refused.length === 0 ? "works" : "degraded",
    level: "exercised",
    summary,
    evidence,
    blockers: refused,
    value: drivers,
  });
}

/** A class of devices in /sys that has cards, with none in /dev, was kept from here. */
function noRenderNode({ host }: ProbeContext, listed: string): Finding {
  const cards = host.list("/sys/class/drm");
  const names = cards.ok ? cards.value.filter((name) => /^renderD\d+$/.test(name)) : [];
  const evidence: Evidence[] = [
    { action: "list /dev/dri", result: listed },
    { action: "list /sys/class/drm", result: cards.ok ? names.join(", ") || "no render node" : cards.errno },
  ];
  const detail =
    names.length > 0
      ? `the kernel has ${names.join(", ")}, but /dev/dri is not in this /dev`
      : "no /dev/dri: no graphics driver has a render node here";
  const blockers = [{ code: "device-missing", detail }] as const;
  return finding({ state: "absent", level: "exercised", summary: detail, evidence, blockers });
}

/** include/uapi/linux/kfd_ioctl.h: the version is 1 and a minor that grows. */
const compute: Question = {
  device: {
    path: "/dev/kfd",
    what: "AMD's compute driver",
    registeredAs: { file: "/proc/devices", names: ["kfd"] },
    explainMissing: () => ({ code: "device-missing", detail: "no /dev/kfd: no AMD graphics driver with compute" }),
  },
  kind: "compute",
  ask: "AMDKFD_IOC_GET_VERSION",
  judge: (reading, evidence) => {
    const packed = reading.steps.get("ask")?.value ?? 0;
    const version = `${packed >> 16}.${packed & 0xffff}`;
    const summary = `/dev/kfd speaks version ${version}; nothing was computed`;
    return finding({ state: "works", level: "exercised", summary, evidence, value: version });
  },
};

/** WSL 2's door to the Windows driver (drivers/hv/dxgkrnl of Microsoft's kernel). */
const paravirtual: Question = {
  device: {
    path: "/dev/dxg",
    what: "the door to Windows' graphics",
    registeredAs: { file: "/proc/misc", names: ["dxg"] },
    explainMissing: () => ({ code: "device-missing", detail: "no /dev/dxg: it is WSL 2's alone" }),
  },
  kind: "open",
  judge: (_, evidence) =>
    finding({ state: "works", level: "opened", summary: "/dev/dxg was opened; nothing was computed", evidence }),
};

/** Probe `graphics`. */
export default defineProbe({
  id: "graphics",
  area: "devices",
  capabilities: {
    "gpu.render": "Render nodes",
    "gpu.amd": "AMD compute",
    "gpu.wsl": "Graphics of WSL",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
