/** The layers around a job as blocks, outermost first, with what speaks for each and who can change it. */
import type { LayerKind } from "../model/capability.ts";
import type { Layer } from "../model/report.ts";
import { ownerWords } from "./owner-words.ts";
import { sentence } from "./phrase.ts";
import { field, heading, item, note } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** Kinds of layers as they read in a sentence: `denied by the container`. */
export const layerWords: Readonly<Record<LayerKind, string>> = {
  hardware: "hardware",
  hypervisor: "hypervisor",
  system: "kernel or system",
  container: "container",
  session: "session",
};

/** The section: one line for the stack; with `all`, each layer with its evidence. */
export function layerBlocks(layers: readonly Layer[], all: boolean): Block[] {
  if (layers.length === 0) return [];
  if (!all) return [...heading("Layers, outermost first"), note(layers.map(({ name }) => name).join(" > "))];
  return [
    ...heading("Layers, outermost first"),
    ...layers.flatMap(({ kind, name, evidence, changedBy }) => [
      item("works", sentence(`${layerWords[kind]}: ${name}; can be changed by ${ownerWords[changedBy]}`)),
      ...evidence.map(({ action, result }) => field("Seen", `${action}: ${result}`)),
    ]),
  ];
}
