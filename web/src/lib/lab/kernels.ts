/**
 * Calls into a generated WebAssembly module. The module computes; this file only moves numbers in and out.
 * Memory: the low 64 KiB belong to the module; then parameters, inputs, outputs.
 */
export type Order = 0 | 1 | 2;
/** f32 is fast, for curves; f64 is exact to the last bit, for numbers that are read. */
export type Precision = "f32" | "f64";

type Loop = (input: number, output: number, n: number, params: number) => void;

const PARAMS = 0x10000;
const INPUT = PARAMS + 0x400;
export const CAPACITY = 8192;
const OUTPUT = INPUT + CAPACITY * 8;

export class KernelModule {
  #exports: WebAssembly.Exports;
  #memory: WebAssembly.Memory;

  private constructor(instance: WebAssembly.Instance, memory: WebAssembly.Memory) {
    this.#exports = instance.exports;
    this.#memory = memory;
  }

  static async load(bytes: BufferSource): Promise<KernelModule> {
    const memory = new WebAssembly.Memory({ initial: 16 });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { __linear_memory: memory } });
    return new KernelModule(instance, memory);
  }

  /** The values of one function, or of its derivative of `order`, at each of `xs`. */
  evaluate(
    symbol: string,
    order: Order,
    precision: Precision,
    xs: Float64Array,
    params: readonly number[],
  ): Float64Array {
    if (xs.length > CAPACITY) throw new RangeError(`at most ${CAPACITY} points at once`);
    const loop = this.#loop(`${symbol}_d${order}_${precision}`);
    const numbers = precision === "f32" ? Float32Array : Float64Array;
    this.#write(params);
    new numbers(this.#memory.buffer, INPUT, xs.length).set(xs);
    loop(INPUT, OUTPUT, xs.length, PARAMS);
    return Float64Array.from(new numbers(this.#memory.buffer, OUTPUT, xs.length));
  }

  /** One exact value. */
  at(symbol: string, order: Order, x: number, params: readonly number[]): number {
    return this.#one(`${symbol}_d${order}_f64`, x, params);
  }

  /** Where kink `index` lies for these parameters. */
  kink(symbol: string, index: number, params: readonly number[]): number {
    return this.#one(`${symbol}_kink${index}_f64`, 0, params);
  }

  /** A function of a whole row of scores; it leaves `count` numbers. */
  row(name: string, scores: readonly number[], params: readonly number[], count: number): Float64Array {
    this.#write(params);
    new Float64Array(this.#memory.buffer, INPUT, scores.length).set(scores);
    this.#loop(`${name}_f64`)(INPUT, OUTPUT, scores.length, PARAMS);
    return new Float64Array(this.#memory.buffer, OUTPUT, count).slice();
  }

  #one(name: string, x: number, params: readonly number[]): number {
    this.#write(params);
    const view = new DataView(this.#memory.buffer);
    view.setFloat64(INPUT, x, true);
    this.#loop(name)(INPUT, OUTPUT, 1, PARAMS);
    return view.getFloat64(OUTPUT, true);
  }

  #write(params: readonly number[]): void {
    new Float64Array(this.#memory.buffer, PARAMS, params.length).set(params);
  }

  #loop(name: string): Loop {
    const loop = this.#exports[name];
    if (typeof loop !== "function") throw new Error(`the module has no ${name}`);
    return loop as Loop;
  }
}
