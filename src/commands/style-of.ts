/** What the commands know about where their output goes. */
import { detectTerminalStyle, type TerminalStyle } from "../report/terminal-style.ts";

/** Style for a stream. */
export function styleOf(stream: NodeJS.WriteStream): TerminalStyle {
  return detectTerminalStyle({ environment: process.env, isTerminal: stream.isTTY === true, columns: stream.columns });
}
