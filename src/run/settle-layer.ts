/** A job has ended: what it changed is kept, or its layer goes. */
import { errnoOf } from "../host/errno-of.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import type { LayerRecord } from "../model/layer.ts";
import { compareLayer } from "./compare-layer.ts";
import { matchingOf } from "./path-globs.ts";
import { keepLayer, removeAbandoned } from "./kept-layers.ts";
import { LayerTooLarge } from "./layer-entries.ts";
import type { Layer } from "./open-layer.ts";
import { removeTree } from "./remove-tree.ts";

/** What became of a layer: what is kept of it, nothing, or why it could not be read. */
export type Settled =
  | { readonly result: "kept"; readonly record: LayerRecord }
  | { readonly result: "unchanged" }
  | { readonly result: "lost"; readonly reason: string };

function reasonOf(error: unknown): string {
  if (error instanceof CupelError || error instanceof LayerTooLarge) return error.message;
  const path = error instanceof Error && "path" in error ? ` (${String(error.path)})` : "";
  return `it could not be read: ${errnoOf(error)}${path}`;
}

/** What is said of it. */
export interface LayerWords extends Pick<LayerRecord, "program"> {
  /** Globs: changes that are not worth keeping, and names that are protected, too. */
  readonly ignore: readonly string[];
  readonly protect: readonly string[];
}

/** Reads it, and keeps what is worth keeping. */
export function settleLayer(layer: Layer, { program, ignore, protect }: LayerWords, places: HelperPlaces): Settled {
  removeAbandoned(layer.stateDirectory);
  try {
    const isIgnored = matchingOf(ignore);
    const changes = compareLayer(layer, places).filter(({ path }) => !isIgnored(path));
    if (changes.length > 0) {
      const endedAt = new Date().toISOString();
      const words = { workspace: layer.workspace, program, endedAt, ...(protect.length > 0 ? { protect } : {}) };
      return { result: "kept", record: keepLayer(layer, { ...words, changes }) };
    }
    removeTree(layer.path);
    return { result: "unchanged" };
  } catch (error) {
    const reason = reasonOf(error);
    removeTree(layer.path);
    return { result: "lost", reason };
  }
}
