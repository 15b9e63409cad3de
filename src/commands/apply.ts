/** `cupel apply`: puts what a job changed into the workspace that it was started in. */
import { createRealHost } from "../host/real-host.ts";
import { describeApplied, describeRefusals } from "../report/render-applied.ts";
import { applyKept } from "../run/apply-kept.ts";
import { findLayer } from "../run/kept-layers.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { say, writeOutput } from "./terminal.ts";

const [someRefused, failed] = [1, 70];

/** Applies; gives the exit code. @throws CupelError `usage` for an id or a path that there is not; `set-up`. */
export function apply({ operands, flags }: CommandLine): number {
  const [id = "", ...paths] = operands;
  const layer = findLayer(id, createRealHost());
  const applied = applyKept(layer, { paths, skipsRefused: flags.has("skip-refused") });
  for (const line of describeRefusals(applied, layer.record)) say(line);
  if (applied.failure !== undefined) return failed;
  if (applied.done.length > 0 || applied.refusals.length === 0)
    writeOutput(`${describeApplied(applied, layer.record)}\n`);
  return applied.refusals.length === 0 ? 0 : someRefused;
}
