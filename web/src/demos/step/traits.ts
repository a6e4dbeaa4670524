import { reading, type Readers } from "../../lib/state.svelte";

/** The whole state of the figure, as it stands in a link or in a widget's traits. */
export interface Traits {
  /** What the neuron ends in, once for each copy of it. */
  functions: string[];
  lr: number;
  /** Of the points and of the weight that all copies begin with. */
  seed: number;
  ask: boolean;
}

export const MOST_STEPS = 600;
export const SAMPLES = 60;
/** The part of the line that the points lie on. */
export const REACH = 3;

export const DEFAULTS: Traits = { functions: ["step", "sigmoid", "relu"], lr: 0.2, seed: 1, ask: true };

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  lr: reading.number(0.001, 10),
  seed: reading.whole(0, 999_999),
  ask: reading.flag,
} satisfies Partial<Readers<Traits>>;

export const readers = (known: (name: string) => boolean): Readers<Traits> => ({
  functions: (value) => {
    const names = reading.names(known, 5)(value);
    return names && names.length > 0 ? names : undefined;
  },
  ...LIMITS,
});
