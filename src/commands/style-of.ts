/** What the commands know about where their output goes. */
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { ReaderView } from "../report/fit-line.ts";
import { detectTerminalStyle, type TerminalStyle } from "../report/terminal-style.ts";

const streams = { 1: () => process.stdout, 2: () => process.stderr } as const;

/** A terminal is a character device (tty(4)); what is closed is none. */
function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Style for standard output (1) or error (2). The stream itself takes milliseconds to load: only a terminal needs it. */
export function styleOf(descriptor: keyof typeof streams): TerminalStyle {
  const stream = isCharacterDevice(descriptor) ? streams[descriptor]() : undefined;
  return detectTerminalStyle({
    environment: process.env,
    isTerminal: stream?.isTTY === true,
    columns: stream?.columns,
  });
}

/** Who reads standard output: somebody at a terminal, or a program. */
export function viewOf(descriptor: keyof typeof streams): ReaderView {
  return { style: styleOf(descriptor), isWide: !isatty(descriptor) };
}
