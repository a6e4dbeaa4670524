import type { DataKind } from "../../lib/data";
import type { Lab } from "../../lib/lab/lab";
import type { EngineDescription } from "../../lib/engine";
import { isFormula } from "../../lib/net/isFormula";
import { reading, type Readers } from "../../lib/state.svelte";
import { decodePoints } from "./points";

/** The whole state of the playground, as it stands in a link or in a widget's traits. Weights follow from it. */
export interface Traits {
  data: DataKind | "own";
  /** Of rings, spirals and blobs; XOR has two, and one's own points have as many as were drawn, at least two. */
  classes: number;
  samples: number;
  noise: number;
  data_seed: number;
  /** The share of the points kept for testing. */
  test_share: number;
  /** One's own points, see points.ts. */
  points: string;
  show_test: boolean;
  /** Units of each hidden layer. */
  layers: number[];
  /** A function's name or a formula. */
  activation: string;
  /** One for each hidden layer; empty: the same for all. */
  activations: string[];
  /** "function.parameter" → value, only where it differs from the default. */
  params: Record<string, number>;
  init: string;
  seed: number;
  loss: Loss;
  optimizer: string;
  lr: number;
  batch_size: number;
  weight_decay: number;
  /** Steps of training for each frame. */
  speed: number;
  ask: boolean;
}

/** Cross-entropy is the binary one on logits for two classes, and of the softmax for three. */
export type Loss = "cross_entropy" | "squared_error";

export const KINDS = ["xor", "rings", "spirals", "blobs", "own"] as const;
export const LOSSES = ["cross_entropy", "squared_error"] as const;
export const MOST_LAYERS = 6;
export const MOST_UNITS = 8;
export const MOST_POINTS = 1000;
export const FASTEST = 500;
export const LR = [1e-5, 1000] as const;
export const MOST_SEED = 999_999;

export const DEFAULTS: Traits = {
  data: "xor",
  classes: 2,
  samples: 300,
  noise: 0.05,
  data_seed: 1,
  test_share: 0.3,
  points: "",
  show_test: true,
  layers: [],
  activation: "tanh",
  activations: [],
  params: {},
  init: "xavier_uniform",
  seed: 1,
  loss: "cross_entropy",
  optimizer: "adam",
  lr: 0.03,
  batch_size: 20,
  weight_decay: 0,
  speed: 2,
  ask: true,
};

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  data: reading.oneOf(...KINDS),
  classes: reading.whole(2, 3),
  samples: reading.whole(10, MOST_POINTS),
  noise: reading.number(0, 0.5),
  data_seed: reading.whole(0, MOST_SEED),
  test_share: reading.number(0, 0.9),
  show_test: reading.flag,
  seed: reading.whole(0, MOST_SEED),
  loss: reading.oneOf(...LOSSES),
  lr: reading.number(...LR),
  batch_size: reading.whole(1, MOST_POINTS),
  weight_decay: reading.number(0, 1),
  speed: reading.whole(1, FASTEST),
  ask: reading.flag,
} satisfies Partial<Readers<Traits>>;

export function readers(lab: Lab, engine: EngineDescription): Readers<Traits> {
  const names = engine.activations.map(({ name }) => name);
  const isOwn = (name: string): boolean => isFormula(name) && lab.definer(name) !== undefined;
  /** A function by its name or by one of its others, as people write them, or a formula where one can be compiled. */
  const named = (given: unknown): string | undefined =>
    names.find((name) => name === given) ??
    lab.kernels.find(({ fn }) => names.includes(fn.name) && fn.aliases.some((alias) => alias === given))?.fn.name ??
    (typeof given === "string" && isOwn(given) ? given : undefined);
  const isParameter = (key: string): boolean =>
    isOwn(key.slice(0, key.lastIndexOf("."))) ||
    lab.kernels.some(({ fn }) => fn.parameters.some(({ name }) => key === `${fn.name}.${name}`));
  return {
    ...LIMITS,
    points: (value) => (typeof value === "string" && decodePoints(value) ? value : undefined),
    layers: (value) =>
      reading.numbers(0, MOST_LAYERS, 1, MOST_UNITS)(value)?.every(Number.isInteger) ? (value as number[]) : undefined,
    activation: named,
    activations: (value) => {
      if (!Array.isArray(value) || value.length > MOST_LAYERS) return undefined;
      const found = value.flatMap((each) => named(each) ?? []);
      return found.length === value.length ? found : undefined;
    },
    params: (value) =>
      typeof value === "object" &&
      value !== null &&
      Object.entries(value).every(([key, number]) => isParameter(key) && Number.isFinite(number))
        ? (value as Record<string, number>)
        : undefined,
    init: reading.oneOf(...Object.keys(engine.initial)),
    optimizer: reading.oneOf(...engine.optimizers),
  };
}
