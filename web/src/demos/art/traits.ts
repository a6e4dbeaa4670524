import type { Lab } from "../../lib/lab/lab";
import { isFormula } from "../../lib/net/isFormula";
import { reading, type Readers } from "../../lib/state.svelte";
import type { ArtData } from "./data";

/** The settings of nonlin.art.Artwork; together they are the picture. */
export interface Traits {
  seed: number;
  /** A function's name or a formula; several, with commas between, are one for each layer. */
  activation: string;
  depth: number;
  width: number;
  palette: string;
  inputs: string[];
  latent: number[];
}

export const DEFAULTS: Traits = {
  seed: 7,
  activation: "tanh",
  depth: 4,
  width: 24,
  palette: "dusk",
  inputs: ["x", "y", "r", "latent"],
  latent: [0, 0],
};

export const MOST_DEPTH = 12;
export const MOST_WIDTH = 128;
export const MOST_SEED = 999_999;
const FARTHEST = 100;

/** Names and formulas with commas between; a comma within parentheses belongs to its formula. */
export function listed(activation: string): string[] {
  let inside = 0;
  const cuts = [...activation].map((character) => {
    if (character === "(") inside++;
    else if (character === ")") inside--;
    return character === "," && inside === 0 ? "\n" : character;
  });
  return cuts.join("").split("\n").map((name) => name.trim());
}

/** The name of each hidden layer's function. */
export function layersOf({ activation, depth }: Pick<Traits, "activation" | "depth">): string[] {
  const names = listed(activation);
  return Array.from({ length: depth }, (_, layer) => names[Math.min(layer, names.length - 1)] ?? "");
}

/** Functions of layers as one text, which is one name where they are all the same. */
export function joined(names: readonly string[]): string {
  return new Set(names).size === 1 ? (names[0] ?? "") : names.join(",");
}

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  seed: reading.whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  depth: reading.whole(1, MOST_DEPTH),
  width: reading.whole(1, MOST_WIDTH),
  latent: reading.numbers(2, 2, -FARTHEST, FARTHEST),
} satisfies Partial<Readers<Traits>>;

export function readers({ kernels, definer }: Lab, { inputs, palettes }: ArtData): Readers<Traits> {
  const known = new Map(kernels.flatMap(({ fn }) => [fn.name, ...fn.aliases].map((name) => [name, fn.name])));
  const named = reading.names((name) => inputs.includes(name), inputs.length);
  return {
    ...LIMITS,
    activation: (value) => {
      if (typeof value !== "string") return undefined;
      const names = listed(value).map((name) => known.get(name) ?? (isFormula(name) && definer(name) ? name : undefined));
      return names.length <= MOST_DEPTH && names.every((name) => name !== undefined) ? joined(names) : undefined;
    },
    palette: reading.oneOf(...Object.keys(palettes), "rgb"),
    inputs: (value) => {
      const found = named(value);
      return found && found.length > 0 ? inputs.filter((name) => found.includes(name)) : undefined;
    },
  };
}
