import type { Rows } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { DemoState, reading, type Readers } from "../../lib/state.svelte";

export interface Traits {
  scores: number[];
  temperature: number;
  /** The number of the true class, from 0. */
  target: number;
  /** Added to every score. */
  shift: number;
  /** Squared error's gradient beside cross-entropy's. */
  squared: boolean;
  /** Whose overflow is looked at: that of large scores, or of the reader's own. */
  typed: "large" | "own";
  ask: boolean;
}

export const FEWEST = 2;
export const MOST = 6;
export const LARGEST = 1000;

export const DEFAULTS: Traits = {
  scores: [2, 1, 0.1],
  temperature: 1,
  target: 0,
  shift: 0,
  squared: false,
  typed: "large",
  ask: true,
};

/** e to the 1000 is far beyond the largest double. */
const LARGE: readonly number[] = [1000, 999];

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS: Readers<Traits> = {
  scores: reading.numbers(FEWEST, MOST, -LARGEST, LARGEST),
  temperature: reading.number(0.1, 10),
  target: reading.whole(0, MOST - 1),
  shift: reading.number(-LARGEST, LARGEST),
  squared: reading.flag,
  typed: reading.oneOf("large", "own"),
  ask: reading.flag,
};

export class SoftmaxState extends DemoState<Traits> {
  readonly #rows: Rows;

  /** What the functions are given: the scores with what is added to all. */
  readonly scores: number[] = $derived(this.now.scores.map((score) => score + this.now.shift));
  readonly target: number = $derived(Math.min(this.now.target, this.now.scores.length - 1));
  readonly p: Float64Array = $derived.by(() => this.#rows.softmax(this.scores, this.now.temperature));
  /** How far the probabilities are from those without the shift. */
  readonly moved: number = $derived.by(() => {
    const before = this.#rows.softmax(this.now.scores, this.now.temperature);
    return Math.max(...before.map((p, i) => Math.abs(p - (this.p[i] ?? NaN))));
  });
  readonly entropy: { loss: number; gradient: Float64Array } = $derived.by(() => this.#loss("cross_entropy"));
  readonly squared: { loss: number; gradient: Float64Array } = $derived.by(() => this.#loss("squared_error"));
  /** Softmax as one would type it, and with the largest score taken off first. */
  readonly typed: { z: readonly number[]; naive: Naive; top: number; good: Naive } = $derived.by(() => {
    const own = this.now.typed === "own";
    const z = own ? this.scores : LARGE;
    const temperature = own ? this.now.temperature : 1;
    const top = Math.max(...z);
    return {
      z,
      naive: this.#rows.naiveSoftmax(z, temperature),
      top,
      good: this.#rows.naiveSoftmax(z.map((score) => score - top), temperature),
    };
  });

  constructor(model: Model, rows: Rows) {
    super(model, DEFAULTS, LIMITS);
    this.#rows = rows;
  }

  setScore(index: number, score: number): void {
    this.set({ scores: this.now.scores.map((old, i) => (i === index ? score : old)) });
  }

  add(): void {
    this.change({ scores: [...this.now.scores, 0] });
  }

  remove(): void {
    const scores = this.now.scores.slice(0, -1);
    this.change({ scores, target: Math.min(this.target, scores.length - 1) });
  }

  /** How many times as probable one score is as another. */
  ratio(first: number, second: number): number {
    const [a = NaN, b = NaN] = this.#rows.softmax([first, second]);
    return a / b;
  }

  #loss(name: "cross_entropy" | "squared_error"): { loss: number; gradient: Float64Array } {
    return this.#rows.loss(name, this.scores, this.target, this.now.temperature);
  }
}

type Naive = ReturnType<Rows["naiveSoftmax"]>;
