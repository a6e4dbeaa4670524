/**
 * Networks on the generated WebAssembly engine. The module computes; this file lays out its memory and moves
 * numbers in and out. What the words of that memory mean comes from the generated description.
 */
import { numbered, surroundings, type ChosenActivation, type OwnActivation } from "./activations";
import type { Broken, Exports, Seen, Steps } from "./engineTypes";

export type { Broken, ChosenActivation, OwnActivation, Steps };

export interface EngineDescription {
  lanes: number;
  header: string[];
  layer: string[];
  settings: string[];
  losses: string[];
  optimizers: string[];
  initial: Record<string, { gain: number; before: number; after: number; constant: number; normal: boolean }>;
  /** With the names and defaults of their parameters, in the engine's order. */
  activations: { name: string; constants: Record<string, number> }[];
}

export interface NetworkOptions {
  widths: number[];
  /** One for each layer; null for a layer that does not bend. */
  activations: (ChosenActivation | string | null)[];
  /** Those among them that the engine has not. */
  own?: OwnActivation[];
  init?: string;
  seed?: bigint;
  /** The largest batch that will be run. */
  capacity: number;
}

export interface TrainingOptions {
  loss: string;
  optimizer: string;
  lr: number;
  beta1?: number;
  beta2?: number;
  eps?: number;
  weightDecay?: number;
  batchSize: number;
  shuffle?: boolean;
}

const PAGE = 0x10000;
const LONGEST = 4096;
type Buffers = Record<"x" | "z" | "a" | "slope" | "g", number>;
/** Where a layer's parameters or their gradients are: the weights, then at once the biases. */
type Place = Record<"weights" | "biases", number>;

function at<T>(list: ArrayLike<T>, i: number): T {
  const found = list[i];
  if (found === undefined) throw new RangeError(`there is no layer ${i}`);
  return found;
}

/** The compiled module, from which networks are made; each has a memory of its own. */
export class Engine {
  private constructor(
    private readonly module: WebAssembly.Module,
    readonly description: EngineDescription,
  ) {}

  static async load(bytes: BufferSource, description: EngineDescription): Promise<Engine> {
    return new Engine(await WebAssembly.compile(bytes), description);
  }

  /** Of a module that was compiled elsewhere. */
  static of(module: WebAssembly.Module, description: EngineDescription): Engine {
    return new Engine(module, description);
  }

  async network(options: NetworkOptions): Promise<Network> {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { own = [] } = options;
    const env = await surroundings(memory, this.description.activations.length, own);
    const instance = await WebAssembly.instantiate(this.module, { env });
    const all = { ...this.description, activations: [...this.description.activations, ...own] };
    return new Network(instance.exports as Exports, memory, all, options);
  }
}

export class Network {
  readonly widths: readonly number[];
  readonly #block: number;
  readonly #parameters: Place[] = [];
  readonly #gradients: Place[] = [];
  readonly #buffers: Buffers[] = [];
  readonly #settings: number;
  readonly #history: number;
  readonly #steps: number; // the place of that word
  readonly #count: number;
  readonly #capacity: number;
  readonly #dataFrom: number;
  #top = PAGE; // below it, memory belongs to the module
  #whole = new BigInt64Array();
  #doubles = new Float64Array();
  #training: TrainingOptions | undefined;

  constructor(
    private readonly exports: Exports,
    private readonly memory: WebAssembly.Memory,
    private readonly about: EngineDescription,
    private readonly options: NetworkOptions,
  ) {
    const widths = (this.widths = options.widths);
    const layers = widths.length - 1;
    this.#capacity = this.#filledUp(options.capacity);
    this.#block = this.#allocate(8 * (about.header.length + about.layer.length * layers));
    this.#steps = this.#block / 8 + about.header.indexOf("steps");
    this.#count = widths.slice(1).reduce((sum, width, i) => sum + width * (at(widths, i) + 1), 0);
    const flat = (): number => this.#allocate(4 * this.#count);
    const [parameters, gradients] = [flat(), flat()];
    this.#settings = this.#allocate(8 * about.settings.length);
    this.#history = this.#allocate(16 * LONGEST);
    const words = {
      layers,
      count: this.#count,
      parameters,
      gradients,
      previous: flat(),
      moment1: flat(),
      moment2: flat(),
      settings: this.#settings,
      history: this.#history,
      result: this.#allocate(16),
      targets: this.#allocate(4 * at(widths, layers) * this.#capacity),
      scratch: this.#allocate(8 * (at(widths, layers) + 2) * this.#capacity),
    };
    for (const [name, value] of Object.entries(words)) this.#set(name, value);
    this.#layers(parameters, gradients);
    this.#dataFrom = this.#top;
    this.reset();
  }

  /** Back to the very same initial weights and order of samples; what an optimizer remembers is forgotten. */
  reset(): void {
    this.#setWord(this.about.header.indexOf("random"), BigInt.asIntN(64, this.options.seed ?? 0n));
    const name = this.options.init ?? "he";
    const scale = this.about.initial[name];
    if (!scale) throw new RangeError(`the engine has no initialisation ${name}`);
    const { gain, before, after, constant, normal } = scale;
    this.exports.initialise(this.#block, gain, before, after, constant, BigInt(normal));
    this.#startOptimizer();
    this.#startOver();
  }

  /**
   * All weights and biases, layer by layer: its weights, then its biases. Like every array of this class that
   * is called a view, it is the network's own memory, until `learnFrom` is called; `slice()` keeps a state.
   */
  get parameters(): Float32Array {
    return this.#floats(this.#get("parameters"), this.#count);
  }

  /** Put back a state that was kept. The optimizer remembers what it did. */
  setParameters(values: ArrayLike<number>): void {
    if (values.length !== this.#count)
      throw new RangeError(`the network has ${this.#count} parameters, not ${values.length}`);
    this.parameters.set(values);
  }

  /** The weights of a layer, [outputs][inputs]: a view. */
  weights(layer: number): Float32Array {
    return this.#weightsAt(this.#parameters, layer);
  }

  /** The biases of a layer: a view. */
  biases(layer: number): Float32Array {
    return this.#floats(at(this.#parameters, layer).biases, at(this.widths, layer + 1));
  }

  /** The last step's gradient of a layer's weights, [outputs][inputs]: a view. */
  weightGradients(layer: number): Float32Array {
    return this.#weightsAt(this.#gradients, layer);
  }

  /** The last step's gradient of a layer's biases: a view. */
  biasGradients(layer: number): Float32Array {
    return this.#floats(at(this.#gradients, layer).biases, at(this.widths, layer + 1));
  }

  /** Per layer, the Euclidean norm of the last step's gradient of its weights and biases. */
  gradientNorms(): number[] {
    return this.#gradients.map(({ weights }, i) => Math.sqrt(this.exports.squares(weights, BigInt(this.#size(i)))));
  }

  /** What to learn from: x is [count][inputs], y is [count][outputs]. It takes the place of what was given before. */
  learnFrom(x: Float32Array, y: Float32Array, count: number, options: TrainingOptions): void {
    const [inputs, outputs] = [at(this.widths, 0), at(this.widths, this.widths.length - 1)];
    if (x.length < count * inputs || y.length < count * outputs)
      throw new RangeError(`${count} samples need ${count * inputs} inputs and ${count * outputs} targets`);
    this.#apply(options, count);
    this.#top = this.#dataFrom;
    this.#set("data_x", this.#copy(x));
    this.#set("data_y", this.#copy(y));
    this.#set("order", this.#allocate(8 * count));
    this.#set("samples", count);
    this.#startOver();
  }

  /** Change some options of the training between steps. Another optimizer begins anew; the rest goes on. */
  configure(changes: Partial<TrainingOptions>): void {
    if (!this.#training) throw new Error("there is nothing to learn from yet: call learnFrom first");
    this.#apply({ ...this.#training, ...changes }, this.#get("samples"));
  }

  /** Take some steps of training. */
  train(steps: number): Steps {
    const taken = this.advance(steps);
    const count = Math.min(taken + 1, steps);
    const both = new Float64Array(2 * count);
    const recorded = this.#doubles;
    let place = this.#history / 8;
    for (let i = 0; i < count; i++) {
      both[i] = recorded[place++] ?? 0;
      both[count + i] = Math.sqrt(recorded[place++] ?? 0);
    }
    return { taken, loss: both.subarray(0, count), gradientNorm: both.subarray(count) };
  }

  /** The same without an account of every step: only how many were taken. */
  advance(steps: number): number {
    if (steps > LONGEST) throw new RangeError(`at most ${LONGEST} steps at once`);
    this.#whole[this.#steps] = BigInt(steps);
    return Number(this.exports.train(this.#block));
  }

  /** Run samples, [count][inputs], and return the outputs, [count][outputs]. */
  forward(x: Float32Array, count: number, slopes = false): Float32Array {
    const stride = this.#startBatch(count);
    const inputs = at(this.widths, 0);
    const buffer = this.#floats(at(this.#buffers, 0).x, inputs * stride);
    for (let i = 0; i < inputs; i++) {
      const start = i * stride;
      for (let n = 0; n < count; n++) buffer[start + n] = x[n * inputs + i] ?? 0;
      buffer.fill(x[(count - 1) * inputs + i] ?? 0, start + count, start + stride);
    }
    this.exports.forward(this.#block, BigInt(slopes));
    return this.layer(this.widths.length - 2, "a");
  }

  /** Run pixels of a picture, from the number `first` on. */
  runPixels(first: number, count: number, { width, height, latent, spread, inputs }: Seen): void {
    this.#startBatch(count);
    const [start, across, down, bits] = [BigInt(first), BigInt(width), BigInt(height), BigInt(inputs)];
    this.exports.pixels(this.#block, start, across, down, ...latent, spread, bits);
    this.exports.forward(this.#block, 0n);
  }

  /** The inputs of the first sample of the last run. */
  firstInputs(): Float32Array {
    const [count, stride] = [at(this.widths, 0), this.#get("stride")];
    return this.#floats(at(this.#buffers, 0).x, count * stride).filter((_, i) => i % stride === 0);
  }

  /** Other biases of all layers but the last, drawn from the seed, with this standard deviation. */
  drawBiases(deviation: number): void {
    const random = this.#block + 8 * this.about.header.indexOf("random");
    for (let layer = 0; layer < this.widths.length - 2; layer++)
      this.exports.fill_normal(at(this.#parameters, layer).biases, BigInt(at(this.widths, layer + 1)), deviation, random);
  }

  /** Over the last run, a layer's sums get this standard deviation, and a mean of their own around the shift. */
  standardise(layer: number, gain: number, shift: number): void {
    this.exports.standardise(this.#block, BigInt(layer), gain, shift);
  }

  /** The address of so many bytes of memory, which stay until `learnFrom` is called. */
  reserve(bytes: number): number {
    return this.#allocate(bytes);
  }

  /** Bytes of memory: a view. */
  bytes(from: number, length: number): Uint8ClampedArray<ArrayBuffer> {
    return new Uint8ClampedArray(this.memory.buffer as ArrayBuffer, from, length);
  }

  /** Pixels of a picture, from the number `first` on, four bytes each; by a palette, unless its address is 0. */
  picture(out: number, palette: number, first: number, count: number, { width, height, latent, inputs }: Seen): void {
    const [start, pixels, across, down, bits] = [BigInt(first), BigInt(count), BigInt(width), BigInt(height), BigInt(inputs)];
    this.exports.picture(this.#block, out, palette, 4n, start, pixels, across, down, ...latent, bits);
  }

  /** What the last run left in a layer, [count][outputs]: sums z, outputs a, slopes f'(z). */
  layer(layer: number, what: "z" | "a" | "slope"): Float32Array {
    const count = this.#get("batch");
    const stride = this.#get("stride");
    const width = at(this.widths, layer + 1);
    const buffer = this.#floats(at(this.#buffers, layer)[what], width * stride);
    const rows = new Float32Array(count * width);
    for (let n = 0; n < count; n++) for (let j = 0; j < width; j++) rows[n * width + j] = (buffer[j * stride + n] ?? 0);
    return rows;
  }

  /** The largest batch that can be run. */
  get capacity(): number {
    return this.#capacity;
  }

  /**
   * The loss over samples and their outputs, [count][outputs]; more samples than the capacity are run in pieces.
   * The last step's gradients give way to these.
   */
  measure(x: Float32Array, y: Float32Array, count: number): { loss: number; outputs: Float32Array } {
    const [inputs, width] = [at(this.widths, 0), at(this.widths, this.widths.length - 1)];
    const outputs = new Float32Array(count * width);
    let loss = 0;
    for (let from = 0; from < count; from += this.#capacity) {
      const piece = Math.min(this.#capacity, count - from);
      outputs.set(this.forward(x.subarray(from * inputs), piece, true), from * width);
      const stride = this.#get("stride");
      const targets = this.#floats(this.#get("targets"), width * stride);
      for (let j = 0; j < width; j++)
        for (let n = 0; n < piece; n++) targets[j * stride + n] = y[(from + n) * width + j] ?? 0;
      this.exports.backward(this.#block);
      loss += (this.#result(0) * piece) / count;
    }
    return { loss, outputs };
  }

  /** Whether a layer has an activation. */
  bends(layer: number): boolean {
    return at(this.options.activations, layer) !== null;
  }

  /** What one unit made of the samples of the last run. */
  unit(layer: number, unit: number, what: "z" | "a" | "slope"): Float32Array {
    return this.#floats(at(this.#buffers, layer)[what] + 4 * unit * this.#get("stride"), this.#get("batch")).slice();
  }

  /** After a run that took fewer steps than were asked for: what ceased to be finite, and in which layer. */
  broken(): Broken {
    const finite = (values: Float32Array): boolean => values.every(Number.isFinite);
    const layers = this.options.activations.map((_, i) => i);
    if (Number.isFinite(this.#result(0)) && Number.isFinite(this.#result(1))) {
      const first = at(this.#parameters, 0).weights;
      const refused = (i: number): Float32Array =>
        this.#floats(this.#get("previous") + at(this.#parameters, i).weights - first, this.#size(i));
      const layer = layers.find((i) => !finite(refused(i)));
      return layer === undefined ? { what: "moments", layer: 0 } : { what: "weights", layer };
    }
    for (const layer of layers) {
      for (const what of ["z", "a"] as const) if (!finite(this.layer(layer, what))) return { what, layer };
    }
    const gradients = (i: number): Float32Array => this.#floats(at(this.#gradients, i).weights, this.#size(i));
    const layer = layers.findLast((i) => !finite(gradients(i)));
    if (layer !== undefined) return { what: "gradient", layer };
    return { what: Number.isFinite(this.#result(0)) ? "norm" : "loss", layer: layers.length - 1 };
  }

  /** Makes a batch of this size the current one, and returns the stride. */
  #startBatch(count: number): number {
    if (count > this.#capacity) throw new RangeError("the batch is larger than the capacity");
    const stride = this.#filledUp(count);
    this.#set("batch", count);
    this.#set("stride", stride);
    return stride;
  }

  /** How many weights and biases a layer has. */
  #size(layer: number): number {
    return (at(this.widths, layer) + 1) * at(this.widths, layer + 1);
  }

  #result(place: number): number {
    return new Float64Array(this.memory.buffer, this.#get("result"))[place] ?? NaN;
  }

  #apply(options: TrainingOptions, samples: number): void {
    const { losses, optimizers } = this.about;
    const place = (list: string[], name: string): number => {
      if (!list.includes(name)) throw new RangeError(`the engine has no ${name}`);
      return list.indexOf(name);
    };
    const [loss, optimizer] = [place(losses, options.loss), place(optimizers, options.optimizer)];
    const batchSize = Math.min(options.batchSize, samples);
    if (batchSize > this.#capacity) throw new RangeError("the batch is larger than the capacity");
    this.#set("loss", loss);
    this.#set("optimizer", optimizer);
    this.#set("batch_size", batchSize);
    this.#set("shuffle", Number((options.shuffle ?? true) && batchSize < samples));
    this.#setting("lr", options.lr);
    this.#setting("beta1", options.beta1 ?? 0.9);
    this.#setting("beta2", options.beta2 ?? 0.999);
    this.#setting("eps", options.eps ?? 1e-8);
    this.#setting("weight_decay", options.weightDecay ?? 0);
    if (this.#training && this.#training.optimizer !== options.optimizer) this.#startOptimizer();
    this.#training = options;
  }

  #startOptimizer(): void {
    for (const name of ["moment1", "moment2"]) this.#floats(this.#get(name), this.#count).fill(0);
    for (const name of ["beta1_power", "beta2_power"]) this.#setting(name, 1);
  }

  /** The next step begins a pass over the samples. */
  #startOver(): void {
    const samples = this.#get("samples");
    const order = this.#get("order") / 8;
    for (let i = 0; i < samples; i++) this.#whole[order + i] = BigInt(i);
    this.#set("position", samples);
  }

  /** The same with one unit's samples side by side, [outputs][count]: as pictures want them. */
  units(layer: number, what: "z" | "a" | "slope"): Float32Array {
    const [count, stride, width] = [this.#get("batch"), this.#get("stride"), at(this.widths, layer + 1)];
    const address = at(this.#buffers, layer)[what];
    const rows = new Float32Array(count * width);
    for (let j = 0; j < width; j++) rows.set(this.#floats(address + 4 * j * stride, count), j * count);
    return rows;
  }

  #layers(parameters: number, gradients: number): void {
    let offset = 0;
    let x = this.#allocate(4 * at(this.widths, 0) * this.#capacity);
    this.options.activations.forEach((chosen, i) => {
      const [inputs, outputs] = [at(this.widths, i), at(this.widths, i + 1)];
      const named = typeof chosen === "string" ? { name: chosen } : chosen;
      const [number, values] = named ? numbered(this.about.activations, named) : [0, []];
      const buffer = (): number => this.#allocate(4 * outputs * this.#capacity);
      const z = buffer();
      const buffers = { x, z, a: number ? buffer() : z, slope: number ? buffer() : 0, g: buffer() };
      this.#buffers.push(buffers);
      const place = (start: number): Place => ({
        weights: start + offset,
        biases: start + offset + 4 * inputs * outputs,
      });
      const [own, slopes] = [place(parameters), place(gradients)];
      this.#parameters.push(own);
      this.#gradients.push(slopes);
      const constants = this.#allocate(8 * Math.max(1, values.length));
      this.#doubles.set(values, constants / 8);
      const words = {
        inputs,
        outputs,
        weights: own.weights,
        bias: own.biases,
        weights_gradient: slopes.weights,
        bias_gradient: slopes.biases,
        ...buffers,
        value: number,
        pair: number,
        constants,
      };
      const start = this.about.header.length + this.about.layer.length * i;
      for (const [word, value] of Object.entries(words))
        this.#setWord(start + this.about.layer.indexOf(word), BigInt(value));
      offset += 4 * outputs * (inputs + 1);
      x = buffers.a;
    });
  }

  #weightsAt(places: Place[], layer: number): Float32Array {
    return this.#floats(at(places, layer).weights, at(this.widths, layer) * at(this.widths, layer + 1));
  }

  #filledUp(count: number): number {
    return Math.ceil(count / this.about.lanes) * this.about.lanes;
  }

  #allocate(bytes: number): number {
    const at = Math.ceil(this.#top / 64) * 64;
    this.#top = at + bytes;
    const missing = Math.ceil(this.#top / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) {
      this.memory.grow(missing); // which ends the views there were
      this.#whole = new BigInt64Array(this.memory.buffer);
      this.#doubles = new Float64Array(this.memory.buffer);
    }
    return at;
  }

  #copy(values: Float32Array): number {
    const at = this.#allocate(4 * values.length);
    this.#floats(at, values.length).set(values);
    return at;
  }

  #floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  #get(name: string): number {
    return Number(this.#whole[this.#block / 8 + this.about.header.indexOf(name)]);
  }

  #set(name: string, value: number): void {
    this.#setWord(this.about.header.indexOf(name), BigInt(value));
  }

  #setWord(index: number, value: bigint): void {
    this.#whole[this.#block / 8 + index] = value;
  }

  #setting(name: string, value: number): void {
    this.#doubles[this.#settings / 8 + this.about.settings.indexOf(name)] = value;
  }
}
