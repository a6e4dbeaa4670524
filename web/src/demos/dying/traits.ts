import { reading, type Readers } from "../../lib/state.svelte";

export const DATA = ["rings", "moons"] as const;
export const ACTIVATIONS = ["relu", "leaky_relu"] as const;
export const OPTIMIZERS = ["sgd", "adam"] as const;

/** The whole state of the figure, as it stands in a link or in a widget's traits. */
export interface Traits {
  data: (typeof DATA)[number];
  activation: (typeof ACTIVATIONS)[number];
  optimizer: (typeof OPTIMIZERS)[number];
  lr: number;
  /** What the biases of all hidden units begin with. */
  bias: number;
  /** Units in each of the two hidden layers. */
  units: number;
  seed: number;
  /** The unit that is looked at, from 1, through both layers. */
  unit: number;
  /** The reader is asked to predict first. */
  ask: boolean;
}

export const MOST_UNITS = 24;
export const SLOWEST = 0.001;
export const FASTEST = 100;
/** The learning rate that the question is about. */
export const ASKED = 10;

export const DEFAULTS: Traits = {
  data: "rings",
  activation: "relu",
  optimizer: "sgd",
  lr: 0.1,
  bias: 0,
  units: 16,
  seed: 8,
  unit: 1,
  ask: true,
};

export const LIMITS: Readers<Traits> = {
  data: reading.oneOf(...DATA),
  activation: reading.oneOf(...ACTIVATIONS),
  optimizer: reading.oneOf(...OPTIMIZERS),
  lr: reading.number(SLOWEST, FASTEST),
  bias: reading.number(-5, 5),
  units: reading.whole(2, MOST_UNITS),
  seed: reading.whole(0, 999_999),
  unit: reading.whole(1, 2 * MOST_UNITS),
  ask: reading.flag,
};
