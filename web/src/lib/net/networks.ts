import { Engine, type EngineDescription, type Network, type NetworkOptions, type TrainingOptions } from "../engine";
import { frame, inPieces, type Frame, type FrameWish, type Watched } from "./frame";
import { Painters, type Look, type Painter, type Place, type Plan } from "./painter";

/** The engine as files: what a page fetches and a widget is given. */
export interface EngineFiles {
  /** Compiled once for all that run it: workers are handed it as it is. */
  module: WebAssembly.Module;
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

/** One sample on its way through a network and back. */
export interface Trace {
  /** Per layer: each unit's sum, output, slope, and the gradient of the loss to its sum. */
  z: Float32Array[];
  a: Float32Array[];
  slope: Float32Array[];
  g: Float32Array[];
  /** Mean squared error. */
  loss: number;
}

/** What a run over samples left in each layer, [outputs][count]: one unit's samples side by side. */
export interface Layers {
  z: Float32Array[];
  a: Float32Array[];
  slope: Float32Array[];
}

export interface WalkOptions {
  /** Places among the parameters that stay as they are. */
  held?: number[];
  /** The walk ends within this distance of these parameters. */
  until?: { at: Float32Array; distance: number };
}

export interface Walk {
  /** Parameters before each step and after the last, [steps + 1][count]. */
  path: Float32Array;
  /** The loss before each step. */
  loss: Float64Array;
}

/** One number for each setting of the parameters. */
export interface Measured {
  loss: Float64Array;
  gradientNorm: Float64Array;
}

const near = (here: Float32Array, { at, distance }: { at: Float32Array; distance: number }): boolean =>
  Math.hypot(...here.map((value, i) => value - (at[i] ?? 0))) < distance;

/**
 * Networks by name, on one engine. It runs in a worker (worker.ts) or, where there can be none, in the page;
 * connect.ts hides which.
 */
export class Networks {
  #engine: Engine | undefined;
  readonly #networks = new Map<string, Network>();
  readonly #watched = new Map<string, Watched>();
  readonly #painters = new Painters();

  load({ module, description }: EngineFiles): void {
    this.#engine ??= Engine.of(module, description);
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

  /** One sample forward and back, with squared error. Nothing is learned. */
  trace(name: string, x: Float32Array, y: Float32Array): Trace {
    const network = this.#get(name);
    network.learnFrom(x, y, 1, { loss: "squared_error", optimizer: "sgd", lr: 0, batchSize: 1 });
    const [loss = NaN] = network.train(1).loss;
    // With one sample, the gradient to a bias is that to its sum.
    const g = network.widths.slice(1).map((_, layer) => network.biasGradients(layer).slice());
    return { ...this.layers(name, x, 1), g, loss };
  }

  /**
   * Single steps of training from given parameters, and where each led. Parameters at the places `held` are put back
   * after every step: what is not to be learned.
   */
  walk(name: string, from: Float32Array, steps: number, { held = [], until }: WalkOptions = {}): Walk {
    const network = this.#get(name);
    network.reset();
    network.setParameters(from);
    const path = [from];
    const loss: number[] = [];
    let here = from;
    while (loss.length < steps && !(until && near(here, until))) {
      const step = network.train(1);
      if (step.taken === 0) break;
      loss.push(step.loss[0] ?? NaN);
      here = network.parameters.slice();
      for (const place of held) here[place] = from[place] ?? 0;
      network.setParameters(here);
      path.push(here);
    }
    const flat = new Float32Array(path.length * from.length);
    path.forEach((parameters, i) => {
      flat.set(parameters, i * from.length);
    });
    return { path: flat, loss: Float64Array.from(loss) };
  }

  /** What the first step would see at each of several settings of all parameters, [settings][count]. */
  measureAt(name: string, settings: Float32Array): Measured {
    const network = this.#get(name);
    const count = network.parameters.length;
    const runs = Array.from({ length: settings.length / count }, (_, i) => {
      network.reset();
      network.setParameters(settings.subarray(i * count, (i + 1) * count));
      return network.train(1);
    });
    return {
      loss: Float64Array.from(runs, ({ loss }) => loss[0] ?? NaN),
      gradientNorm: Float64Array.from(runs, ({ gradientNorm }) => gradientNorm[0] ?? NaN),
    };
  }

  /** Changes settings of the training between steps. */
  configure(name: string, changes: Partial<TrainingOptions>): void {
    this.#get(name).configure(changes);
  }

  /**
   * The loss with the present weights, and the norm of its gradient for each layer. A step is taken and taken
   * back: plain descent on all samples goes on as if nobody had asked.
   */
  gradients(name: string): { loss: number; norms: number[] } {
    const network = this.#get(name);
    const before = network.parameters.slice();
    const [loss = NaN] = network.train(1).loss;
    const norms = network.gradientNorms();
    network.setParameters(before);
    return { loss, norms };
  }

  /** Of each layer but the last: the mean |f′(z)| over units and samples, and the share of them below `flat`. */
  slopes(name: string, x: Float32Array, count: number, flat: number): { mean: number[]; flat: number[] } {
    const network = this.#get(name);
    network.forward(x, count, true);
    const layers = network.widths.slice(1, -1).map((_, layer) => network.units(layer, "slope").map(Math.abs));
    const share = (part: number, all: Float32Array): number => part / all.length;
    return {
      mean: layers.map((all) => share(all.reduce((sum, slope) => sum + slope, 0), all)),
      flat: layers.map((all) => share(all.reduce((sum, slope) => sum + Number(slope < flat), 0), all)),
    };
  }

  /** All weights and biases as they are now. */
  parameters(name: string): Float32Array {
    return this.#get(name).parameters.slice();
  }

  /** Pixels of a picture from the number `first` on, four bytes each. The same key means the same plan. */
  async paint(key: string, plan: Plan, place: Place, first: number, count: number): Promise<Uint8ClampedArray<ArrayBuffer>> {
    return (await this.#painter(key, plan)).paint(place, first, count);
  }

  /** Rows of a picture, to be packed into a PNG file. */
  async paintRows(
    key: string,
    plan: Plan,
    place: Place,
    top: number,
    count: number,
    fine: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#painter(key, plan)).rows(place, top, count, fine);
  }

  /** One pixel's way through the network, and the network's parameters. */
  async look(key: string, plan: Plan, place: Place, pixel: number): Promise<Look & { parameters: Float32Array }> {
    const painter = await this.#painter(key, plan);
    return { ...painter.look(place, pixel), parameters: painter.parameters };
  }

  #painter(key: string, plan: Plan): Promise<Painter> {
    if (!this.#engine) throw new Error("the engine is not loaded");
    return this.#painters.get(this.#engine, key, plan);
  }

  #get(name: string): Network {
    const found = this.#networks.get(name);
    if (!found) throw new RangeError(`there is no network ${name}`);
    return found;
  }
}
