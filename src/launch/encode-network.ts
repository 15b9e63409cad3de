/** Encodes what leads into a job's network and out of it: see encode-instruction.ts. */
import type { LauncherPlan } from "../model/plan.ts";
import type { InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { recordKinds } from "./protocol.ts";

function encodeProxy(writer: InstructionWriter, { proxy }: LauncherPlan, binding: LaunchBinding): void {
  const { proxy: place } = binding;
  if (proxy === undefined || place === undefined) return;
  writer.record(recordKinds.proxy, () => {
    writer.text(place);
    // In the order in which the proxy knows them: see start-proxy.ts.
    writer.u32(proxy.httpPort);
    writer.u32(proxy.socksPort);
  });
  const { directPorts } = proxy;
  if (directPorts !== undefined)
    writer.record(recordKinds.direct, () => directPorts.forEach((port) => writer.u32(port)));
}

/** A rehearsal would take ports that somebody else may want, for nobody. */
function encodePublish(writer: InstructionWriter, { publish = [] }: LauncherPlan): void {
  for (const { address, port, jobPort } of publish) {
    writer.record(recordKinds.publish, () => {
      writer.u32(address.bytes.length);
      writer.raw(Uint8Array.from(address.bytes));
      writer.u32(port);
      writer.u32(jobPort);
    });
  }
}

/** Where the proxy waits, what listens for it, and the ports that are published; of the latter a rehearsal has none. */
export function encodeNetwork(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  encodeProxy(writer, plan, binding);
  if (!binding.rehearsal) encodePublish(writer, plan);
}
