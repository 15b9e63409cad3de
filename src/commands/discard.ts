/** `cupel discard`: forgets what a job changed. */
import { createRealHost } from "../host/real-host.ts";
import { discardLayer, findLayer } from "../run/kept-layers.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { writeOutput } from "./terminal.ts";

/** Does it; gives the exit code. @throws CupelError `usage` for an id that there is not; `set-up`. */
export function discard({ operands }: CommandLine): number {
  const host = createRealHost();
  const layers = [...new Set(operands)].map((id) => findLayer(id, host));
  for (const layer of layers) {
    discardLayer(layer);
    writeOutput(`discarded ${layer.record.id}: ${layer.record.workspace} stays as it is\n`);
  }
  return 0;
}
