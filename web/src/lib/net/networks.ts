import { Engine, type EngineDescription, type Network, type NetworkOptions, type TrainingOptions } from "../engine";
import { frame, inPieces, type Frame, type FrameWish, type Watched } from "./frame";

/** The engine as files: what a page fetches and a widget is given. */
export interface EngineFiles {
  bytes: ArrayBuffer;
  description: EngineDescription;
}

/** What may be asked for with a run; each comes back as a plain array. */
export interface Wish {
  /** All weights and biases, layer by layer: weights [outputs][inputs], then biases. */
  parameters?: boolean;
  /** The norm of the loss's gradient for each layer's weights, after the last step. */
  gradients?: boolean;
}

export interface Report {
  /** How many steps were taken; fewer than asked for where the last one's gradient was not finite. */
  taken: number;
  loss: Float64Array;
  gradientNorm: Float64Array;
  parameters?: Float32Array;
  /** One norm for each layer. */
  gradients?: number[];
}

/** What a run over samples left in each layer, [outputs][count]: one unit's samples side by side. */
export interface Layers {
  z: Float32Array[];
  a: Float32Array[];
  slope: Float32Array[];
}

/**
 * Networks by name, on one engine. It runs in a worker (worker.ts) or, where there can be none, in the page;
 * connect.ts hides which.
 */
export class Networks {
  #engine: Engine | undefined;
  readonly #networks = new Map<string, Network>();
  readonly #watched = new Map<string, Watched>();

  async load({ bytes, description }: EngineFiles): Promise<void> {
    this.#engine ??= await Engine.load(bytes, description);
  }

  /** Makes a network, in place of one of the same name, and returns its initial parameters. */
  async create(name: string, options: NetworkOptions): Promise<Float32Array> {
    if (!this.#engine) throw new Error("the engine is not loaded");
    const network = await this.#engine.network(options);
    this.#networks.set(name, network);
    return network.parameters.slice();
  }

  drop(name: string): void {
    this.#networks.delete(name);
    this.#watched.delete(name);
  }

  /** x is [count][inputs], y is [count][outputs]. */
  learnFrom(name: string, x: Float32Array, y: Float32Array, count: number, options: TrainingOptions): void {
    this.#get(name).learnFrom(x, y, count, options);
  }

  train(name: string, steps: number, wish: Wish = {}): Report {
    const network = this.#get(name);
    const report: Report = network.train(steps);
    if (wish.parameters) report.parameters = network.parameters.slice();
    if (wish.gradients) report.gradients = network.gradientNorms();
    return report;
  }

  /** Back to the very same initial weights. */
  reset(name: string): Float32Array {
    const network = this.#get(name);
    network.reset();
    return network.parameters.slice();
  }

  setParameters(name: string, parameters: Float32Array): void {
    this.#get(name).setParameters(parameters);
  }

  /** The outputs of samples, [count][outputs]. */
  outputs(name: string, x: Float32Array, count: number): Float32Array {
    const network = this.#get(name);
    const width = network.widths.at(-1) ?? 0;
    const outputs = new Float32Array(count * width);
    inPieces(network, x, count, false, (from) => outputs.set(network.layer(network.widths.length - 2, "a"), from * width));
    return outputs;
  }

  /** Every layer's sums, outputs and slopes. */
  layers(name: string, x: Float32Array, count: number): Layers {
    const network = this.#get(name);
    const empty = (): Float32Array[] => network.widths.slice(1).map((width) => new Float32Array(width * count));
    const layers: Layers = { z: empty(), a: empty(), slope: empty() };
    inPieces(network, x, count, true, (from) => {
      for (const what of ["z", "a", "slope"] as const)
        layers[what].forEach((units, layer) => {
          const width = units.length / count;
          for (let j = 0; j < width; j++) units.set(network.unit(layer, j, what), j * count + from);
        });
    });
    return layers;
  }

  /** What `frame` is to report on, from now on. */
  watch(name: string, watched: Watched): void {
    this.#watched.set(name, watched);
  }

  /** Some steps, and all that a picture of the network needs after them. */
  frame(name: string, steps: number, wish: FrameWish): Frame {
    const watched = this.#watched.get(name);
    if (!watched) throw new RangeError(`nothing is watched of ${name}`);
    return frame(this.#get(name), steps, watched, wish);
  }

  #get(name: string): Network {
    const found = this.#networks.get(name);
    if (!found) throw new RangeError(`there is no network ${name}`);
    return found;
  }
}
