/** NVIDIA's cards, as far as the driver's answers, and what jobs and containers need to reach them. */
import { askDevice } from "./_ask-device.ts";
import { onLinux } from "./_elsewhere.ts";
import { probeDriver } from "./_nvidia-driver.ts";
import { judgeContainers, judgeSharing, unifiedMemory } from "./_nvidia-use.ts";
import { defineProbe, type ProbeContext } from "./_probe.ts";

const ids = ["gpu.nvidia", "gpu.nvidia-uvm", "gpu.nvidia-container", "gpu.cuda-ipc"] as const;

async function run(context: ProbeContext) {
  const [driver, memory] = await Promise.all([probeDriver(context), askDevice(context, unifiedMemory)]);
  return {
    "gpu.nvidia": driver,
    "gpu.nvidia-uvm": memory,
    "gpu.nvidia-container": judgeContainers(context.host),
    "gpu.cuda-ipc": judgeSharing(context.host, memory),
  };
}

/** Probe `nvidia`: slow where there are cards, for a card that sleeps is woken. */
export default defineProbe({
  id: "nvidia",
  area: "devices",
  pace: "slow",
  capabilities: {
    "gpu.nvidia": "NVIDIA driver",
    "gpu.nvidia-uvm": "NVIDIA unified memory",
    "gpu.nvidia-container": "NVIDIA in containers",
    "gpu.cuda-ipc": "CUDA memory across processes",
  },
  deadlineMs: 14_000,
  run: onLinux(ids, run),
});
