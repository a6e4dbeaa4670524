import type { Kernel, Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import { latest } from "../../lib/net/latest";
import type { Trace } from "../../lib/net/networks";
import { NetworkState } from "../../lib/net/state.svelte";
import { reading, type Readers } from "../../lib/state.svelte";

export interface Traits {
  /** From the inputs to the outputs. */
  widths: number[];
  /** One for each layer after the inputs. */
  activations: string[];
  inputs: number[];
  targets: number[];
  /** Layer by layer, weights [outputs][inputs], then biases. Another number than the network has: drawn by the seed. */
  weights: number[];
  seed: number;
  mode: "forward" | "backward";
  /** The unit that is looked at, in the order of the mode. */
  step: number;
  /** Show every unit's numbers, and not only those that have been visited. */
  all: boolean;
  /** All digits that a number has. */
  digits: boolean;
}

export interface Place {
  layer: number;
  unit: number;
}

export const WIDEST = 6;
export const DEEPEST = 4;
export const FARTHEST = 100;

export const DEFAULTS: Traits = {
  widths: [2, 3, 2, 1],
  activations: ["relu", "relu", "sigmoid"],
  inputs: [1, -0.5],
  targets: [1],
  weights: [0.5, -1, -0.6, 0.8, 1.2, 0.4, 0.1, 0.2, -0.3, 0.8, -0.5, 0.6, -1.2, 0.4, 1, 0.1, 0.5, 1.5, -0.7, -0.2],
  seed: 1,
  mode: "forward",
  step: 0,
  all: false,
  digits: false,
};

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = {
  inputs: reading.numbers(1, WIDEST, -FARTHEST, FARTHEST),
  targets: reading.numbers(1, WIDEST, -FARTHEST, FARTHEST),
  weights: reading.numbers(0, DEEPEST * WIDEST * (WIDEST + 1), -FARTHEST, FARTHEST),
  seed: reading.whole(0, 1e9),
  mode: reading.oneOf("forward", "backward"),
  step: reading.whole(0, DEEPEST * WIDEST),
  all: reading.flag,
  digits: reading.flag,
} satisfies Partial<Readers<Traits>>;

const NETWORK = "trace";

/** As many as asked for: those that there are, then `more`. */
const filled = <T>(list: readonly T[], count: number, more: T): T[] =>
  Array.from({ length: count }, (_, i) => list[i] ?? more);

export class TraceState extends NetworkState<Traits> {
  /** What the engine said last, and of which weights. */
  result: Trace | undefined = $state.raw();
  parameters: readonly number[] = $state.raw([]);
  failed = $state("");

  #made = "";
  #drawn: number[] = [];

  /** The same array while the network stays the same, so that what hangs on it is not worked out anew. */
  readonly widths: readonly number[] = $derived(this.now.widths);
  readonly layers: number = $derived(this.widths.length - 1);
  readonly activations: readonly string[] = $derived(
    filled(this.now.activations, this.layers, this.now.activations.at(-1) ?? "relu"),
  );
  readonly inputs: readonly number[] = $derived(filled(this.now.inputs, this.now.widths[0] ?? 1, 0.5));
  readonly targets: readonly number[] = $derived(filled(this.now.targets, this.now.widths.at(-1) ?? 1, 0));
  /** Every unit in the order of the forward pass. */
  readonly order: readonly Place[] = $derived(
    this.widths.slice(1).flatMap((width, layer) => Array.from({ length: width }, (_, unit) => ({ layer, unit }))),
  );
  readonly step: number = $derived(Math.min(this.now.step, this.order.length - 1));
  readonly at: Place = $derived(this.place(this.step));

  constructor(model: Model, lab: Lab, connection: Connection) {
    const known = (name: string): boolean => lab.kernels.some(({ fn }) => fn.name === name);
    const readers: Readers<Traits> = {
      widths: (value) => {
        const widths = reading.numbers(2, DEEPEST + 1, 1, WIDEST)(value);
        return widths?.every(Number.isInteger) ? widths : undefined;
      },
      activations: reading.names(known, DEEPEST),
      ...LIMITS,
    };
    super(model, DEFAULTS, readers, lab, connection);
  }

  override set(change: Partial<Traits>): void {
    super.set(change);
    void this.refresh();
  }

  protected override restored(): void {
    void this.refresh();
  }

  readonly refresh = latest(
    () => this.#run(),
    (error) => {
      this.failed = error instanceof Error ? error.message : String(error);
    },
  );

  kernel(layer: number): Kernel | undefined {
    const name = this.activations[layer];
    return this.lab.kernels.find(({ fn }) => fn.name === name);
  }

  // The walk

  place(step: number): Place {
    const order = this.now.mode === "forward" ? step : this.order.length - 1 - step;
    return this.order[order] ?? { layer: 0, unit: 0 };
  }

  stepOf({ layer, unit }: Place): number {
    const forward = this.order.findIndex((each) => each.layer === layer && each.unit === unit);
    return this.now.mode === "forward" ? forward : this.order.length - 1 - forward;
  }

  /** Whether this unit's number has been worked out by now: its output on the way forward, its gradient on the way back. */
  known(place: Place): boolean {
    return this.now.all || this.stepOf(place) <= this.step;
  }

  go(place: Place): void {
    this.change({ step: this.stepOf(place) }, "step");
  }

  move(by: number): void {
    this.change({ step: Math.min(Math.max(this.step + by, 0), this.order.length - 1) }, "step");
  }

  // Weights

  /** Where in `parameters` a unit's weights begin, and where its bias is. */
  whereabouts({ layer, unit }: Place): { weights: number; bias: number; inputs: number } {
    const { widths } = this;
    let start = 0;
    for (let l = 0; l < layer; l++) start += (widths[l + 1] ?? 0) * ((widths[l] ?? 0) + 1);
    const [inputs, outputs] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    return { weights: start + unit * inputs, bias: start + inputs * outputs + unit, inputs };
  }

  weight(place: Place, from: number): number {
    return this.parameters[this.whereabouts(place).weights + from] ?? NaN;
  }

  bias(place: Place): number {
    return this.parameters[this.whereabouts(place).bias] ?? NaN;
  }

  setParameter(index: number, value: number): void {
    const weights = this.parameters.map((old, i) => (i === index ? value : old));
    this.parameters = weights;
    this.set({ weights });
  }

  setInput(index: number, value: number): void {
    this.set({ inputs: this.inputs.map((old, i) => (i === index ? value : old)) });
  }

  setTarget(index: number, value: number): void {
    this.set({ targets: this.targets.map((old, i) => (i === index ? value : old)) });
  }

  redraw(): void {
    this.change({ seed: this.now.seed + 1, weights: [] });
  }

  resize(widths: number[]): void {
    const activations = [...this.activations];
    const last = activations.pop() ?? "sigmoid";
    const hidden = filled(activations, widths.length - 2, activations.at(-1) ?? "relu");
    this.change({ widths, activations: [...hidden, last], weights: [], step: 0 });
  }

  setActivation(layer: number, name: string): void {
    this.change({ activations: this.activations.map((old, i) => (i === layer ? name : old)) });
  }

  // What comes in and out of a unit

  incoming({ layer }: Place): readonly number[] {
    return layer === 0 ? this.inputs : [...(this.result?.a[layer - 1] ?? [])];
  }

  async #run(): Promise<void> {
    const { networks } = this.connection;
    const { widths, seed, weights } = this.now;
    const activations = [...this.activations];
    const made = JSON.stringify([widths, activations, seed]);
    if (made !== this.#made) {
      const options = { widths, activations, init: "xavier_uniform", seed: BigInt(seed), capacity: 1 };
      // To one decimal: these are numbers to follow with a pencil.
      this.#drawn = [...(await networks.create(NETWORK, options))].map((weight) => Math.round(weight * 10) / 10);
      this.#made = made;
    }
    const parameters = weights.length === this.#drawn.length ? weights : this.#drawn;
    await networks.setParameters(NETWORK, Float32Array.from(parameters));
    const result = await networks.trace(NETWORK, Float32Array.from(this.inputs), Float32Array.from(this.targets));
    this.parameters = parameters;
    this.result = result;
  }
}
