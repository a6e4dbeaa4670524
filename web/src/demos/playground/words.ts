import { written } from "../../lib/format";
import { messages } from "../../messages";
import type { PlaygroundState } from "./state.svelte";

export const inputName = (index: number): string => ["x", "y"][index] ?? "";
export const classLetter = (label: number): string => messages.playground.classes[label] ?? "";

/** What units and layers are called. */
export function unitName(lab: PlaygroundState, layer: number, unit: number): string {
  const t = messages.playground;
  if (layer < 0) return inputName(unit);
  if (layer < lab.widths.length - 2) return t.unit({ layer: layer + 1, unit: unit + 1 });
  return lab.widths.at(-1) === 1 ? t.output : t.outputOf({ label: classLetter(unit) });
}

export function layerWords(lab: PlaygroundState, layer: number): string {
  const t = messages.playground;
  return layer === lab.widths.length - 2 ? t.outputColumn : t.layerName({ layer: layer + 1 });
}

export function activationWords(lab: PlaygroundState, layer: number): string {
  const name = lab.activationOf(layer);
  return name === null ? messages.playground.linear : (lab.function(name)?.title ?? name);
}

/** A share of points; a dash where there are none. */
export const percent = (share: number): string =>
  Number.isNaN(share) ? "–" : messages.playground.percent({ percent: written((100 * share).toFixed(1)) });
