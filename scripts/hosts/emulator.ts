/** The emulated machines: one for each architecture, with a console and a second serial line for what the guest reports. */
import { availableParallelism } from "node:os";
import type { Architecture } from "../build/native.ts";

/** What differs from one architecture to the next. */
export interface Emulator {
  readonly program: string;
  /** Debian's package that holds the program. */
  readonly package: string;
  /** Debian's name of the architecture. */
  readonly debianName: "amd64" | "arm64";
  readonly machine: string;
  /** QEMU's -cpu. */
  readonly cpu: string;
  /** Kernel's name of the first serial line: its console. */
  readonly console: string;
  /** Device of the second one, in the guest. */
  readonly resultsDevice: string;
  /** Words that give the guest a second serial line whose other end is this file. */
  readonly resultsWords: (path: string) => readonly string[];
}

/** Each guest has one thread, on which its processors take turns. */
export const guestsAtOnce: number = Math.min(availableParallelism(), 4);

/** QEMU's boards q35 and virt. The latter has one serial line of its own, so that a second one has to be a PCI card. */
export const emulators: Readonly<Record<Architecture, Emulator>> = {
  x64: {
    program: "qemu-system-x86_64",
    package: "qemu-system-x86",
    debianName: "amd64",
    machine: "q35",
    // Its cmpxchg16b spoils the flags now and then, and with them the lists of the kernel's allocator.
    cpu: "max,-cx16",
    console: "ttyS0",
    resultsDevice: "/dev/ttyS1",
    resultsWords: (path) => ["-serial", `file:${path}`],
  },
  arm64: {
    program: "qemu-system-aarch64",
    package: "qemu-system-arm",
    debianName: "arm64",
    machine: "virt",
    cpu: "max",
    console: "ttyAMA0",
    resultsDevice: "/dev/ttyS0",
    resultsWords: (path) => ["-chardev", `file,id=results,path=${path}`, "-device", "pci-serial,chardev=results"],
  },
};
