import type { Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import { draws } from "../../lib/net/draws";
import { NetworkState } from "../../lib/net/state.svelte";
import { Runner } from "../../lib/runner.svelte";
import { messages } from "../../messages";
import { DEFAULTS, MOST_STEPS, REACH, readers, SAMPLES, type Traits } from "./traits";

/** One copy of the neuron: what it has come to. */
export interface Neuron {
  name: string;
  weight: number;
  bias: number;
  /** The loss before any step, after one, after two …. */
  losses: number[];
  /** The length of the loss's gradient where it stands now. */
  gradient: number;
  /** Its answers at the places of `LINE`. */
  curve: Float32Array;
}

export interface Points {
  x: Float32Array;
  y: Float32Array;
}

/** Where the neuron's curve is asked for. */
export const LINE = Float32Array.from({ length: 361 }, (_, i) => REACH * (i / 180 - 1) * 1.08);

/** Steps between two pictures: few at first, when most happens. */
const atOnce = (done: number): number => (done < 40 ? 1 : done < 200 ? 3 : 6);
/** Yes from here on, give or take the noise. */
const BORDER = 1.1;
const NOISE = 0.5;

export class StepState extends NetworkState<Traits> {
  points: Points = $state.raw({ x: new Float32Array(), y: new Float32Array() });
  neurons: Neuron[] = $state.raw([]);
  problem = $state("");
  readonly steps: number = $derived((this.neurons[0]?.losses.length ?? 1) - 1);

  readonly runner: Runner;
  #made = "";
  /** Networks that have been made; those of an older setting are left to the engine's next ones. */
  #names: string[] = [];

  constructor(model: Model, lab: Lab, connection: Connection) {
    super(
      model,
      DEFAULTS,
      readers((name) => lab.kernels.some(({ fn }) => fn.name === name)),
      lab,
      connection,
    );
    this.runner = new Runner(() => this.#round(), this.#failed);
  }

  override destroy(): void {
    super.destroy();
    this.runner.destroy();
  }

  readonly #failed = (error: unknown): void => {
    this.problem = messages.engineFailed({ reason: error instanceof Error ? error.message : String(error) });
  };

  /** All copies at their beginning again, made anew where the traits have changed. */
  async restart(force = false): Promise<void> {
    const { functions, lr, seed } = this.now;
    const wanted = JSON.stringify([functions, lr, seed]);
    if (!force && wanted === this.#made) return;
    this.#made = wanted;
    await this.runner.rest();
    this.runner.unblock();
    try {
      const points = await this.#draw(seed);
      const neurons = await Promise.all(functions.map((name, i) => this.#begin(i, name, points)));
      if (wanted !== this.#made) return;
      this.points = points;
      this.neurons = neurons;
      this.#names = functions;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #draw(seed: number): Promise<Points> {
    const { networks } = this.connection;
    const x = (await draws(networks, "uniform", SAMPLES, seed)).map((value) => REACH * value);
    const noise = await draws(networks, "normal", SAMPLES, seed + 1);
    return { x, y: x.map((value, i) => Number(value + NOISE * (noise[i] ?? 0) > BORDER)) };
  }

  async #begin(i: number, name: string, { x, y }: Points): Promise<Neuron> {
    const { networks } = this.connection;
    const { lr, seed } = this.now;
    const options = { widths: [1, 1], activations: [name], init: "xavier", seed: BigInt(seed), capacity: LINE.length };
    const training = { loss: "squared_error", optimizer: "sgd", batchSize: SAMPLES };
    const parameters = await networks.create(`neuron${i}`, options);
    await networks.learnFrom(`neuron${i}`, x, y, SAMPLES, { ...training, lr });
    await networks.create(`gauge${i}`, options);
    await networks.learnFrom(`gauge${i}`, x, y, SAMPLES, { ...training, lr: 0 });
    return this.#read(i, name, parameters, []);
  }

  async #read(i: number, name: string, parameters: Float32Array, before: number[]): Promise<Neuron> {
    const { networks } = this.connection;
    const [{ loss, gradientNorm }, curve] = await Promise.all([
      networks.measureAt(`gauge${i}`, parameters.slice()),
      networks.outputs(`neuron${i}`, LINE, LINE.length),
    ]);
    const [weight = NaN, bias = NaN] = parameters;
    return { name, weight, bias, losses: [...before, loss[0] ?? NaN], gradient: gradientNorm[0] ?? NaN, curve };
  }

  async #round(): Promise<boolean> {
    const { networks } = this.connection;
    const steps = Math.min(this.runner.running ? atOnce(this.steps) : 1, MOST_STEPS - this.steps);
    this.neurons = await Promise.all(
      this.neurons.map(async (neuron, i) => {
        const { loss, parameters } = await networks.train(`neuron${i}`, steps, { parameters: true });
        // What the steps saw: the loss before each; the first of them is known.
        const seen = [...neuron.losses, ...loss.slice(1, steps)];
        while (seen.length < neuron.losses.length + steps - 1) seen.push(NaN);
        return this.#read(i, this.#names[i] ?? neuron.name, parameters ?? new Float32Array(2), seen);
      }),
    );
    return this.steps < MOST_STEPS;
  }
}
