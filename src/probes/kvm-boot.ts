/** A kernel booted in KVM, to a first process of ours that answers: the proof that guests are of use. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { runGuests, type Machine } from "./_kvm-machine.ts";
import { machineName } from "./_machine-name.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

/** A kernel boots in a second or two; one that has not come to its first process after this is of no use. */
const bootDeadlineMs = 20_000;

async function run(context: ProbeContext) {
  return { "kvm.boot": await judgeBoot(context, await runGuests(context)) };
}

/** With `--deep` a kernel is booted; without, nothing is claimed, and where it cannot be, that is said. */
async function judgeBoot(context: ProbeContext, { create, longMode }: Machine): Promise<Finding> {
  if (create.state !== "works") return inferBoot(longMode, "not possible");
  if (!context.deep) return inferBoot(longMode, "not tried without --deep");
  const { host, helpers } = context;
  const machine = `qemu-system-${machineName(host)}`;
  const [program] = host.findPrograms(machine);
  const kernel = findKernel(host);
  if (program === undefined) return inferBoot(longMode, `not tried: no ${machine} in PATH`);
  if (kernel === undefined) return inferBoot(longMode, "not tried: no kernel in /boot that this user may read");
  const words = [program, kernel, "kvm", String(bootDeadlineMs)];
  const reading = readSteps("boot", await helpers.probe("boot", words, bootDeadlineMs + 2000));
  return judgeAnswer(reading, longMode, `${program} -accel kvm -kernel ${kernel}`);
}

function inferBoot(longMode: Finding, tried: string): Finding {
  if (longMode.state !== "works") {
    const because =
      longMode.state === "broken" ? `not possible with such a guest: ${longMode.summary}` : longMode.summary;
    return { ...longMode, level: "inferred", summary: because, value: undefined };
  }
  return finding({
    state: "unknown",
    level: "inferred",
    summary: `${tried}; KVM is not chosen on instructions alone`,
    evidence: [{ action: "boot a kernel", result: tried }],
  });
}

/** This kernel's own image first, then the newest by name; Fedora keeps them beside the modules. */
function findKernel(host: Host): string | undefined {
  const release = host.readText("/proc/sys/kernel/osrelease");
  const own = release.ok ? release.value.trim() : "";
  const listed = host.list("/boot");
  const others = listed.ok ? listed.value.filter((name) => name.startsWith("vmlinuz")).toReversed() : [];
  const paths = [`/boot/vmlinuz-${own}`, `/lib/modules/${own}/vmlinuz`, ...others.map((name) => `/boot/${name}`)];
  return paths.find((path) => isReadable(host, path));
}

function isReadable(host: Host, path: string): boolean {
  const status = host.status(path);
  if (!status.ok || status.value.kind !== "file") return false;
  const { mode, uid, gid } = status.value;
  const { identity } = host;
  const shift = identity.uid === uid ? 6 : identity.groups.includes(gid) ? 3 : 0;
  return identity.uid === 0 || ((mode >> shift) & 4) === 4;
}

function judgeAnswer(reading: Reading, longMode: Finding, command: string): Finding {
  const evidence = bootEvidence(reading, command);
  const answer = errnoAt(reading, "answer");
  if (answer === undefined) return { ...notEstablished(reading, "boot a kernel"), evidence };
  if (answer === "ok" && valueAt(reading, "virtual-machine") === 1) {
    const summary = `a kernel came to its first process in ${valueAt(reading, "answer") ?? 0} ms`;
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  if (answer === "ok") return broken("the first process answered, but QEMU held no virtual machine of KVM", evidence);
  if (answer !== "ETIMEDOUT") return broken(`QEMU ended before the first process: ${lastLine(reading)}`, evidence);
  const summary = `no first process after ${bootDeadlineMs / 1000} s; ended`;
  if (longMode.state !== "broken") return finding({ state: "unknown", level: "exercised", summary, evidence });
  return { ...longMode, summary: `${summary}: ${longMode.summary}`, evidence: [...evidence, ...longMode.evidence] };
}

function bootEvidence(reading: Reading, command: string): Evidence[] {
  const steps = evidenceOf(reading, {
    initramfs: "make an initramfs with the prober as its first process",
    execute: command,
    start: command,
    "virtual-machine": "look for anon_inode:kvm-vm among QEMU's descriptors (1 where it is there)",
    answer: "wait for the first process to answer (milliseconds)",
    ended: `wait for QEMU to end (${reading.steps.get("ended")?.text ?? "exit status"})`,
  });
  const line = lastLine(reading);
  return line === "" ? steps : [...steps, { action: "the last line on the console", result: line }];
}

function lastLine(reading: Reading): string {
  return reading.steps.get("last-line")?.text ?? "";
}

function broken(detail: string, evidence: readonly Evidence[]): Finding {
  const blockers = [{ code: "unknown", detail }] as const;
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers });
}

/**
 * Probe `kvm-boot`: apart from `kvm`, which is quick, and says what it found also where a kernel takes too long. It is
 * slow with --deep alone.
 */
export default defineProbe({
  id: "kvm-boot",
  area: "virtualization",
  pace: "slow",
  capabilities: { "kvm.boot": "KVM guest kernel" },
  deadlineMs: 30_000,
  run: onLinux(["kvm.boot"], run),
});
