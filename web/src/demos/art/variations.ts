import { joined, layersOf, MOST_DEPTH, MOST_SEED, MOST_WIDTH, type Traits } from "./traits";

export interface Variation {
  traits: Traits;
  /** What was changed, as a key of the messages. */
  kind: "latent" | "palette" | "layer" | "deeper" | "flatter" | "wider" | "narrower" | "seed";
  layer?: number;
}

const COUNT = 8;
const NEAR = 0.9;
const round = (value: number): number => Math.min(Math.max(Number(value.toFixed(2)), -100), 100);

const any = <T>(items: readonly T[]): T | undefined => items[Math.floor(Math.random() * items.length)];
export const anySeed = (): number => Math.floor(Math.random() * (MOST_SEED + 1));
/** Two numbers of the middle part of the latent plane. */
export const anyLatent = (): number[] => [0, 0].map(() => round(2 * Math.random() - 1));

/** Eight pictures that differ from one in a single setting. */
export function variations(from: Traits, functions: readonly string[], palettes: readonly string[]): Variation[] {
  const found: Variation[] = [];
  const [first = 0, second = 0] = from.latent;
  if (from.inputs.includes("latent")) {
    const turn = Math.random() * 2 * Math.PI;
    for (let step = 0; step < 3; step++) {
      const angle = turn + (step * 2 * Math.PI) / 3;
      const latent = [round(first + NEAR * Math.cos(angle)), round(second + NEAR * Math.sin(angle))];
      found.push({ traits: { ...from, latent }, kind: "latent" });
    }
  }
  const colours = any(palettes.filter((name) => name !== from.palette));
  if (colours !== undefined) found.push({ traits: { ...from, palette: colours }, kind: "palette" });
  const layers = layersOf(from);
  for (let index = 0; index < 2; index++) {
    const layer = Math.floor(Math.random() * from.depth);
    const other = any(functions.filter((name) => name !== layers[layer]));
    if (other === undefined) continue;
    found.push({ traits: { ...from, activation: joined(layers.with(layer, other)) }, kind: "layer", layer });
  }
  const deeper = from.depth < MOST_DEPTH && (from.depth === 1 || Math.random() < 0.5);
  const depth = from.depth + (deeper ? 1 : -1);
  const activation = joined(layersOf({ ...from, depth }));
  found.push({ traits: { ...from, depth, activation }, kind: deeper ? "deeper" : "flatter" });
  const wider = from.width * 2 <= MOST_WIDTH && (from.width < 6 || Math.random() < 0.4);
  const width = Math.max(1, Math.round(from.width * (wider ? 2 : 0.5)));
  if (width !== from.width) found.push({ traits: { ...from, width }, kind: wider ? "wider" : "narrower" });
  while (found.length < COUNT) {
    found.push({ traits: { ...from, seed: anySeed() }, kind: "seed" });
  }
  return found.slice(0, COUNT);
}
