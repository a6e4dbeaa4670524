import { reading, type Readers } from "../../lib/state.svelte";

/** The whole state of the figure, as it stands in a link or in a widget's traits. */
export interface Traits {
  layers: number;
  seed: number;
  /** What stands between two layers; "none" for nothing. */
  activation: string;
  /** The line that can be dragged: its two ends in the input. */
  line: number[];
  /** Whether the stack is to be multiplied out. */
  collapsed: boolean;
  /** What a deep linear stack and one hidden layer try to learn. */
  task: "none" | "xor" | "rings";
  ask: boolean;
}

export const MOST_LAYERS = 10;
export const NONE = "none";
export const TASKS = ["none", "xor", "rings"] as const;

export const DEFAULTS: Traits = {
  layers: 10,
  seed: 19,
  activation: NONE,
  line: [-0.75, -0.5, 0.5, 0.75],
  collapsed: false,
  task: "none",
  ask: true,
};

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  layers: reading.whole(1, MOST_LAYERS),
  seed: reading.whole(0, 999_999),
  line: reading.numbers(4, 4, -1, 1),
  collapsed: reading.flag,
  task: reading.oneOf(...TASKS),
  ask: reading.flag,
} satisfies Partial<Readers<Traits>>;

export const readers = (known: (name: string) => boolean): Readers<Traits> => ({
  ...LIMITS,
  activation: (value) => (typeof value === "string" && (value === NONE || known(value)) ? value : undefined),
});
