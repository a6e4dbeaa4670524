import { messages } from "../../messages";
import type { PlaygroundState } from "./state.svelte";

/** What units and layers are called. */
export function unitName(lab: PlaygroundState, layer: number, unit: number): string {
  const t = messages.playground;
  if (layer < 0) return t.input(unit);
  return layer === lab.widths.length - 2 ? t.outputUnit(unit, lab.widths.at(-1) !== 1) : t.unit(layer + 1, unit + 1);
}

export function layerWords(lab: PlaygroundState, layer: number): string {
  const t = messages.playground;
  return layer === lab.widths.length - 2 ? t.outputRow.toLowerCase() : t.layerName(layer + 1);
}

export function activationWords(lab: PlaygroundState, layer: number): string {
  const name = lab.activationOf(layer);
  return name === null ? messages.playground.linear : (lab.function(name)?.title ?? name);
}
