/**
 * Networks on the generated WebAssembly engine. The module computes; this file lays out its memory and moves
 * numbers in and out. What the words of that memory mean comes from the generated description.
 */
export interface EngineDescription {
  lanes: number;
  header: string[];
  layer: string[];
  settings: string[];
  losses: string[];
  optimizers: string[];
  initial: Record<string, { gain: number; before: number; after: number; constant: number; normal: boolean }>;
  activations: { name: string; constants: number[] }[];
}

export interface NetworkOptions {
  widths: number[];
  /** One name for each layer; null for a layer that does not bend. */
  activations: (string | null)[];
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

export interface Steps {
  /** How many were taken; fewer than asked for where the last one's gradient was not finite. */
  taken: number;
  loss: Float64Array;
  gradientNorm: Float64Array;
}

interface Exports extends WebAssembly.Exports {
  forward(network: number, slopes: bigint): void;
  backward(network: number): void;
  train(network: number): bigint;
  initialise(network: number, gain: number, before: number, after: number, constant: number, normal: bigint): void;
}

const PAGE = 0x10000;
const LONGEST = 4096;
type Buffers = Record<"x" | "z" | "a" | "slope" | "g", number>;

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

  async network(options: NetworkOptions): Promise<Network> {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const instance = await WebAssembly.instantiate(this.module, { env: { __linear_memory: memory } });
    return new Network(instance.exports as Exports, memory, this.description, options);
  }
}

export class Network {
  readonly widths: readonly number[];
  readonly #block: number;
  readonly #weights: number[] = [];
  readonly #biases: number[] = [];
  readonly #buffers: Buffers[] = [];
  readonly #settings: number;
  readonly #history: number;
  readonly #count: number;
  readonly #capacity: number;
  #top = PAGE; // below it, memory belongs to the module

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
    this.reset();
  }

  /** Back to the very same initial weights; what an optimizer remembers is forgotten. */
  reset(): void {
    this.#setWord(this.about.header.indexOf("random"), BigInt.asIntN(64, this.options.seed ?? 0n));
    const name = this.options.init ?? "he";
    const scale = this.about.initial[name];
    if (!scale) throw new RangeError(`the engine has no initialisation ${name}`);
    const { gain, before, after, constant, normal } = scale;
    this.exports.initialise(this.#block, gain, before, after, constant, BigInt(normal));
    for (const name of ["moment1", "moment2"]) this.#floats(this.#get(name), this.#count).fill(0);
    for (const name of ["beta1_power", "beta2_power"]) this.#setting(name, 1);
  }

  /** The weights of a layer, [outputs][inputs]: a view that the next allocation may end. */
  weights(layer: number): Float32Array {
    return this.#floats(at(this.#weights, layer), at(this.widths, layer) * at(this.widths, layer + 1));
  }

  biases(layer: number): Float32Array {
    return this.#floats(at(this.#biases, layer), at(this.widths, layer + 1));
  }

  /** What to learn from: x is [count][inputs], y is [count][outputs]. */
  learnFrom(x: Float32Array, y: Float32Array, count: number, options: TrainingOptions): void {
    const { losses, optimizers } = this.about;
    const place = (list: string[], name: string): number => {
      if (!list.includes(name)) throw new RangeError(`the engine has no ${name}`);
      return list.indexOf(name);
    };
    const batchSize = Math.min(options.batchSize, count);
    if (batchSize > this.#capacity) throw new RangeError("the batch is larger than the capacity");
    const words = {
      loss: place(losses, options.loss),
      optimizer: place(optimizers, options.optimizer),
      data_x: this.#copy(x),
      data_y: this.#copy(y),
      order: this.#allocate(8 * count),
      samples: count,
      batch_size: batchSize,
      position: count,
      shuffle: Number((options.shuffle ?? true) && batchSize < count),
    };
    const order = new BigInt64Array(this.memory.buffer, words.order, count);
    for (let i = 0; i < count; i++) order[i] = BigInt(i);
    for (const [name, value] of Object.entries(words)) this.#set(name, value);
    this.#setting("lr", options.lr);
    this.#setting("beta1", options.beta1 ?? 0.9);
    this.#setting("beta2", options.beta2 ?? 0.999);
    this.#setting("eps", options.eps ?? 1e-8);
    this.#setting("weight_decay", options.weightDecay ?? 0);
  }

  /** Take some steps of training. */
  train(steps: number): Steps {
    if (steps > LONGEST) throw new RangeError(`at most ${LONGEST} steps at once`);
    this.#set("steps", steps);
    const taken = Number(this.exports.train(this.#block));
    const pairs = new Float64Array(this.memory.buffer, this.#history, 2 * Math.min(taken + 1, steps));
    return {
      taken,
      loss: pairs.filter((_, i) => i % 2 === 0),
      gradientNorm: pairs.filter((_, i) => i % 2 === 1).map(Math.sqrt),
    };
  }

  /** Run samples, [count][inputs], and return the outputs, [count][outputs]. */
  forward(x: Float32Array, count: number, slopes = false): Float32Array {
    if (count > this.#capacity) throw new RangeError("the batch is larger than the capacity");
    const stride = this.#filledUp(count);
    this.#set("batch", count);
    this.#set("stride", stride);
    const inputs = at(this.widths, 0);
    const buffer = this.#floats(at(this.#buffers, 0).x, inputs * stride);
    for (let i = 0; i < inputs; i++)
      for (let n = 0; n < stride; n++) buffer[i * stride + n] = (x[Math.min(n, count - 1) * inputs + i] ?? 0);
    this.exports.forward(this.#block, BigInt(slopes));
    return this.layer(this.widths.length - 2, "a");
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

  #layers(parameters: number, gradients: number): void {
    const { activations } = this.about;
    let offset = 0;
    let x = this.#allocate(4 * at(this.widths, 0) * this.#capacity);
    this.options.activations.forEach((name, i) => {
      const [inputs, outputs] = [at(this.widths, i), at(this.widths, i + 1)];
      const number = name === null ? 0 : activations.findIndex((f) => f.name === name) + 1;
      if (name !== null && number === 0) throw new RangeError(`the engine has no activation ${name}`);
      const buffer = (): number => this.#allocate(4 * outputs * this.#capacity);
      const z = buffer();
      const buffers = { x, z, a: number ? buffer() : z, slope: number ? buffer() : 0, g: buffer() };
      this.#buffers.push(buffers);
      this.#weights.push(parameters + offset);
      this.#biases.push(parameters + offset + 4 * inputs * outputs);
      const constants = this.#allocate(8 * Math.max(1, activations[number - 1]?.constants.length ?? 0));
      new Float64Array(this.memory.buffer, constants).set(activations[number - 1]?.constants ?? []);
      const words = {
        inputs,
        outputs,
        weights: parameters + offset,
        bias: parameters + offset + 4 * inputs * outputs,
        weights_gradient: gradients + offset,
        bias_gradient: gradients + offset + 4 * inputs * outputs,
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

  #filledUp(count: number): number {
    return Math.ceil(count / this.about.lanes) * this.about.lanes;
  }

  #allocate(bytes: number): number {
    const at = Math.ceil(this.#top / 64) * 64;
    this.#top = at + bytes;
    const missing = Math.ceil(this.#top / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
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
    return Number(new BigInt64Array(this.memory.buffer, this.#block)[this.about.header.indexOf(name)]);
  }

  #set(name: string, value: number): void {
    this.#setWord(this.about.header.indexOf(name), BigInt(value));
  }

  #setWord(index: number, value: bigint): void {
    new BigInt64Array(this.memory.buffer, this.#block)[index] = value;
  }

  #setting(name: string, value: number): void {
    new Float64Array(this.memory.buffer, this.#settings)[this.about.settings.indexOf(name)] = value;
  }
}
