/** Boots a host of the lab in QEMU, in software, and gives what its steps did. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { emulators } from "./emulator.ts";
import { buildInitramfs, type GuestStep } from "./guest.ts";
import type { Programs } from "./lab-executable.ts";
import type { LabHost } from "./lab-host.ts";
import type { Kernel } from "./packages.ts";
import { obtainRootImage } from "./root-image.ts";

/** What one command line in the guest did. */
export interface StepResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Results by step, and what the console showed. */
export interface BootResult {
  readonly steps: Readonly<Record<string, StepResult>>;
  readonly isOver: boolean;
  readonly console: string;
  readonly durationMs: number;
}

/**
 * A boot takes some ten seconds of a processor, and a minute and a half with attacks. What a machine with other work to do
 * leaves for it comes when it comes, so that the emulator's own time is what is counted; a guest that hangs idle takes none
 * of it, and is ended by the clock.
 */
const bounds = { processorTimeS: 600, wallTimeS: 1800 } as const;

function bounded({ processorTimeS = bounds.processorTimeS }: LabHost): string[] {
  return ["timeout", "-k", "5", String(bounds.wallTimeS), "prlimit", `--cpu=${processorTimeS}`, "--"];
}

/** Files of this machine that a boot is made of. */
interface BootFiles {
  readonly kernel: string;
  readonly initramfs: string;
  /** What is written to it is thrown away. */
  readonly root: string;
  readonly results: string;
  /** One more disk, of hosts that have one. */
  readonly disk: string;
}

/** A file with holes, so that it costs what is written to it. */
function makeDisk(path: string, sizeMib: number): void {
  const made = Bun.spawnSync(["/sbin/mke2fs", "-q", "-t", "ext4", path, `${sizeMib}M`]);
  if (!made.success) throw new Error(`mke2fs failed: ${made.stderr.toString().trim()}`);
}

/**
 * The clock counts instructions: deadlines in the guest know nothing of how busy this machine is. Several processors take
 * turns: side by side, Linux 6.12 was seen to panic at an int3, which it patches its own code with.
 */
const clock = { accel: "tcg,thread=single", icount: "shift=0" } as const;

function qemuWords(host: LabHost, { kernel, initramfs, root, results, disk }: BootFiles): string[] {
  const { architecture = "x64", processors = 1, cpuFeatures, memoryMib = 2048, bootParameters = "" } = host;
  const { program, machine, cpu, console, resultsWords } = emulators[architecture];
  const options = {
    M: machine,
    ...clock,
    smp: String(processors),
    cpu: cpuFeatures === undefined ? cpu : `${cpu},${cpuFeatures}`,
    m: String(memoryMib),
    kernel,
    initrd: initramfs,
    drive: `if=none,id=root,format=raw,snapshot=on,file=${root}`,
    device: "nvme,serial=root,drive=root",
    // Self-tests of ciphers take seconds in software, and say nothing of what is tried here.
    append: `console=${console} quiet panic=-1 cryptomgr.notests ${bootParameters}`,
  };
  const board = Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]);
  const drive = host.diskMib === undefined ? [] : ["-drive", `file=${disk},if=virtio,format=raw,cache=unsafe`];
  const quiet = ["-nodefaults", "-no-user-config", "-nographic", "-no-reboot"];
  return [program, ...board, ...drive, ...quiet, "-serial", "stdio", ...resultsWords(results)];
}

/** What the guest wrote: `@@ NAME CODE`, output, `@@ errors`, errors; each compressed and in base64. Pure. */
export function parseResults(text: string): { steps: Record<string, StepResult>; isOver: boolean } {
  const steps: Record<string, StepResult> = {};
  const blocks = text.replaceAll("\r", "").split(/^@@ /m).slice(1);
  const decode = (block: string): string => {
    const encoded = block.split("\n").slice(1).join("");
    return encoded === "" ? "" : gunzipSync(Buffer.from(encoded, "base64")).toString();
  };
  blocks.forEach((block, index) => {
    const [, name, code] = /^(\S+) (\d+)\n/.exec(block) ?? [];
    const next = blocks[index + 1];
    if (name === undefined || next?.startsWith("errors\n") !== true || blocks[index + 2] === undefined) return;
    steps[name] = { code: Number(code), output: decode(block), errors: decode(next) };
  });
  return { steps, isOver: blocks.at(-1)?.startsWith("over") === true };
}

/**
 * The emulator itself loses a kernel or a program now and then: a kernel that panicked or never came to its first step,
 * and one in which something crashed, is booted once more. What is cupel's own fault is so again.
 */
export async function bootHost(...words: Parameters<typeof bootOnce>): Promise<BootResult> {
  const first = await bootOnce(...words);
  const isLost = Object.keys(first.steps).length === 0 || first.console.includes("Kernel panic");
  const hasCrashed = Object.values(first.steps).some(({ errors }) => errors.includes("Segmentation fault"));
  return hasCrashed || (isLost && !first.isOver) ? bootOnce(...words) : first;
}

/** Boots it, waits for its end or a bound, and leaves nothing behind. */
async function bootOnce(
  host: LabHost,
  kernel: Kernel,
  programs: Programs,
  steps: readonly GuestStep[],
): Promise<BootResult> {
  const started = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "cupel-host-"));
  try {
    const files = {
      kernel: kernel.image,
      initramfs: join(directory, "initramfs"),
      root: obtainRootImage(host, programs),
      results: join(directory, "results"),
      disk: join(directory, "disk"),
    };
    if (host.diskMib !== undefined) makeDisk(files.disk, host.diskMib);
    writeFileSync(files.initramfs, buildInitramfs(host, kernel, programs, steps));
    const child = Bun.spawn([...bounded(host), ...qemuWords(host, files)], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [shown, complaints] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    const { steps: found, isOver } = parseResults(readFileSync(files.results, "utf8"));
    return { steps: found, isOver, console: shown + complaints, durationMs: performance.now() - started };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
