/** An outcome's end in one line, to compare many. */
import type { Ending } from "../../src/model/ending.ts";

/** `ok: 0`, `nonzero: 3`, `signalled: SIGTERM`, and of other ends why: `timeout-wall: the job was ended after …`. */
export function endOf({
  status,
  code,
  signal,
  cause,
}: Pick<Ending, "status" | "code" | "signal"> & {
  readonly cause: { readonly summary: string };
}): string {
  const isPlain = status === "ok" || status === "nonzero" || status === "signalled";
  return `${status}: ${isPlain ? (code ?? signal?.name) : cause.summary}`;
}
