import { reading, type Readers } from "../../lib/state.svelte";

/** The whole state of the figure, as it stands in a link or in a widget's traits. */
export interface Traits {
  /** What makes the neuron's two inputs: on the left, on the right. */
  inputs: string[];
  /** The weights that descent begins with. */
  start: number[];
  lr: number;
  /** Samples in a step. */
  batch: Batch;
  seed: number;
  ask: boolean;
}

export const BATCHES = ["1", "16", "all"] as const;
export type Batch = (typeof BATCHES)[number];

/** The weights that would have no loss. */
export const WANTED = [1.5, -0.5] as const;
export const SAMPLES = 400;
export const MOST_STEPS = 3000;
/** Arrived: this share of the way is left. */
export const NEAR = 0.01;
/** The part of the plane that is shown, and in which descent may begin. */
export const VIEW = { x: [-0.75, 2.25], y: [-2, 1] } as const;

/** A rate with which the default figure arrives; a step on few samples has to be smaller. */
export const USUAL_LR: Record<Batch, number> = { all: 1.6, "16": 0.6, "1": 0.3 };

export const DEFAULTS: Traits = { inputs: ["sigmoid", "tanh"], start: [0, 0], lr: 1.6, batch: "all", seed: 1, ask: true };

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  start: reading.numbers(2, 2, -2, 2.25),
  lr: reading.number(0.01, 10),
  seed: reading.whole(0, 999_999),
  ask: reading.flag,
} satisfies Partial<Readers<Traits>>;

export const readers = (known: (name: string) => boolean): Readers<Traits> => ({
  inputs: (value) => {
    const names = reading.names(known, 2)(value);
    return names?.length === 2 ? names : undefined;
  },
  ...LIMITS,
  // An address holds "16" as a number where the default is a word, and a notebook may send one.
  batch: (value) => BATCHES.find((batch) => batch === String(value)),
});
