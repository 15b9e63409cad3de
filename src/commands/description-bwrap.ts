/** The command that stands in for bubblewrap. */
import type { CommandDescription } from "../report/command-description.ts";
import { path, text } from "./description-parts.ts";

/** `cupel bwrap`. */
export const bwrapDescription: CommandDescription = {
  name: "bwrap",
  summary: "do what bubblewrap (bwrap) 0.11 does with these words, for programs that call it",
  operands: [
    {
      value: text("COMMAND"),
      description: "bubblewrap's options, and the command",
      required: true,
      repeatable: true,
    },
  ],
  passesCommand: true,
  isFront: true,
  flags: [
    {
      name: "install",
      description: "write the program that does it to this file, to be called as bwrap",
      value: path("FILE"),
    },
    { name: "help", short: "h", description: "-h: show this text; --help: bubblewrap's options" },
  ],
  exitCodes: [
    { code: "n", meaning: "the command's own; 128 and more where a signal ended it" },
    { code: "1", meaning: "also: the sandbox could not be made" },
    { code: "64", meaning: "usage of --install" },
  ],
  examples: [
    "cupel bwrap --ro-bind / / --unshare-all --proc /proc --dev /dev -- ls /",
    "cupel bwrap --install ./bwrap",
  ],
};
