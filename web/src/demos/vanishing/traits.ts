import type { Lab } from "../../lib/lab/lab";
import { reading, type Readers } from "../../lib/state.svelte";

/** The whole state of the figure, as it stands in a link or in a widget's traits. */
export interface Traits {
  /** Hidden layers. */
  depth: number;
  activation: string;
  /** Another function to set beside it; "" for none. */
  compare: string;
  /** How the weights begin, by the engine's name. */
  init: string;
  /** Units in a layer. */
  width: number;
  /** The spread of the initial biases. */
  biases: number;
  lr: number;
  seed: number;
  /** The layer whose numbers are shown. */
  layer: number;
  /** The reader is asked to predict before the bars are shown. */
  ask: boolean;
}

export const DEEPEST = 50;
export const DEFAULTS: Traits = {
  depth: 10,
  activation: "sigmoid",
  compare: "relu",
  init: "xavier_uniform",
  width: 32,
  biases: 0,
  lr: 0.05,
  seed: 0,
  layer: 1,
  ask: true,
};

type Scales = Readonly<Record<string, object>>;

/** Each way to begin once: the engine knows some by several names. */
export function inits(scales: Scales): string[] {
  const seen = new Set<string>();
  return Object.keys(scales).filter((name) => {
    const scale = JSON.stringify(scales[name]);
    return !seen.has(scale) && seen.add(scale);
  });
}

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  depth: reading.whole(1, DEEPEST),
  width: reading.whole(4, 64),
  biases: reading.number(0, 10),
  lr: reading.number(1e-5, 100),
  seed: reading.whole(0, 999_999),
  layer: reading.whole(1, DEEPEST),
  ask: reading.flag,
} satisfies Partial<Readers<Traits>>;

export function readers({ kernels }: Lab, scales: Scales): Readers<Traits> {
  const known = new Map(kernels.flatMap(({ fn }) => [fn.name, ...fn.aliases].map((name) => [name, fn.name])));
  const named = (value: unknown): string | undefined => (typeof value === "string" ? known.get(value) : undefined);
  return {
    ...LIMITS,
    activation: named,
    compare: (value) => (value === "" ? "" : named(value)),
    init: (value) => {
      const scale = typeof value === "string" && value in scales ? JSON.stringify(scales[value]) : undefined;
      return scale && inits(scales).find((name) => JSON.stringify(scales[name]) === scale);
    },
  };
}
