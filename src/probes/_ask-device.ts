/** A device that the prober opens and asks for what only the real one answers. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { describeDevice, describeUnloaded, type Device } from "./_device.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

/** How a device is asked, in platform/linux/prober/device.c. */
export interface Question {
  readonly device: Device;
  /** The prober's word for it. */
  readonly kind: string;
  /** What is asked after the open, as evidence has it; nothing where opening is all. */
  readonly ask?: string | undefined;
  /** Steps between, in the words of evidence. */
  readonly words?: Readonly<Record<string, string>> | undefined;
  /** The finding where something else stood in the way between open and answer. */
  readonly stop?: ((context: ProbeContext, reading: Reading) => Promise<Finding | undefined>) | undefined;
  /** The finding for a device that answered. */
  readonly judge: (reading: Reading, evidence: readonly Evidence[]) => Finding;
}

const askDeadlineMs = 2000;

/** Opens and asks; nothing is opened that would have the kernel load a module. */
export async function askDevice(context: ProbeContext, question: Question): Promise<Finding> {
  const { device, kind } = question;
  const untouched = describeUntouched(context.host, device);
  if (untouched !== undefined) return untouched;
  const result = await context.helpers.probe("device", [kind, device.path], askDeadlineMs);
  return judgeAnswer(context, question, readSteps("device", result));
}

/** What is not there needs no process to be told, and what is only a name is left alone. */
function describeUntouched(host: Host, device: Device): Finding | undefined {
  const status = host.status(device.path);
  if (status.ok || status.errno !== "ENOENT") return describeUnloaded(host, device);
  return { ...describeDevice(host, device, status.errno, []), level: "declared" };
}

async function judgeAnswer(context: ProbeContext, question: Question, reading: Reading): Promise<Finding> {
  const { device, ask, words = {}, judge } = question;
  const evidence = evidenceOf(reading, {
    open: `open ${device.path}`,
    ...words,
    ...(ask === undefined ? {} : { ask }),
  });
  const opened = errnoAt(reading, "open");
  if (opened === undefined) return { ...notEstablished(reading, `open ${device.path}`), evidence };
  if (opened !== "ok") return describeDevice(context.host, device, opened, evidence);
  if (ask === undefined) return judge(reading, evidence);
  const stopped = await question.stop?.(context, reading);
  if (stopped !== undefined) return { ...stopped, evidence: [...evidence, ...stopped.evidence] };
  const asked = errnoAt(reading, "ask");
  if (asked === undefined) return { ...notEstablished(reading, ask), evidence };
  return asked === "ok" ? judge(reading, evidence) : notWhatItIsCalled(device, ask, asked, evidence);
}

/** A step that failed behind an open: the device is there, and does not do what it is for. */
function notWhatItIsCalled(device: Device, ask: string, errno: string, evidence: readonly Evidence[]): Finding {
  const isAnother = errno === "ENOTTY" || errno === "EINVAL";
  const detail = isAnother
    ? `${device.path} is not what it is called: ${ask}: ${errno}`
    : `${device.path}: ${ask}: ${errno}`;
  const blockers = [{ code: "unknown", detail }] as const;
  return finding({ state: "broken", level: "opened", summary: detail, evidence, blockers });
}
