import type { Look } from "../../lib/colours";
import type { Facts } from "../../lib/lab/contract";
import { engineOf, factsByName, labOf, type Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { connect, type Connection } from "../../lib/net/connect";
import { NetworkState } from "../../lib/net/state.svelte";
import { Course } from "../../lib/plot/course";
import { FLAT } from "../../lib/plot/sampling";
import { Runner } from "../../lib/runner.svelte";
import { DEFAULTS, inits, readers, type Traits } from "./traits";

/** What is known of one network's layers at one moment; the arrays run from the first hidden layer to the last. */
export interface Reading {
  name: string;
  title: string;
  look: Look;
  loss: number;
  norms: number[];
  /** Mean |f′(z)|. */
  slopes: number[];
  /** The share of units, over all samples, whose slope is next to nothing. */
  flat: number[];
  /** The step that could not be taken, because its gradient was not finite. */
  broken: number | undefined;
}

/** Decades on the axis, as exponents. */
export type Decades = readonly [low: number, high: number];

const SAMPLES = 64;
/** Steps in a frame, and the milliseconds that they may take: a tall stack takes fewer. */
const STRIDE = 4;
const PATIENCE = 60;
/** Nothing smaller is drawn. */
export const SMALLEST = 1e-30;
const SLOTS = ["activation", "compare"] as const;
/** Far enough that no seed of a network draws another one's data or biases. */
const DATA_SEEDS = 1_000_000n;
const BIAS_SEEDS = 2_000_000n;

export const shareOf = (norms: readonly number[]): number => (norms[0] ?? NaN) / (norms.at(-1) ?? NaN);

/** What that is a layer: the geometric mean. */
export const factorOf = (norms: readonly number[]): number =>
  norms.length > 1 ? shareOf(norms) ** (1 / (norms.length - 1)) : NaN;

export class VanishingState extends NetworkState<Traits> {
  readings: Reading[] = $state.raw([]);
  /** What was measured before the first step. */
  first: Reading[] = $state.raw([]);
  decades: Decades = $state.raw([-6, 0]);
  step = $state(0);
  failure = $state("");
  moments = $state(0);
  /** The loss of always answering with the mean. */
  constant = $state(NaN);
  readonly course = new Course(2);
  readonly runner: Runner;
  readonly inits: string[];

  #x = new Float32Array();
  #y = new Float32Array();
  #stride = STRIDE;
  #broken: (number | undefined)[] = [];
  #stale = false;
  #building: Promise<void> | undefined;

  static async open(model: Model): Promise<VanishingState> {
    const [lab, engine, connection] = await Promise.all([labOf(model), engineOf(model), connect(model)]);
    const state = new VanishingState(model, lab, await factsByName(lab), engine.description.initial, connection);
    await state.rebuild();
    return state;
  }

  private constructor(
    model: Model,
    lab: Lab,
    private readonly facts: ReadonlyMap<string, Facts>,
    scales: Readonly<Record<string, object>>,
    connection: Connection,
  ) {
    super(model, DEFAULTS, readers(lab, scales), lab, connection);
    this.inits = inits(scales);
    this.runner = new Runner(
      () => this.#work(),
      (error) => {
        this.#fail(error);
      },
    );
  }

  override destroy(): void {
    super.destroy();
    this.runner.destroy();
  }

  /** The largest slope that the function has anywhere, from the catalogue; undefined where it has none or none is known. */
  largestSlope(name: string): number | undefined {
    const value = Number(this.#claim(name, "max_slope"));
    return Number.isFinite(value) && value > 0 ? value : undefined;
  }

  /** Flat far out on both sides. */
  saturates(name: string): boolean {
    return this.#claim(name, "saturates") === "both sides";
  }

  #claim(name: string, wanted: string): string | undefined {
    return this.facts.get(name)?.properties.find(({ key }) => key === wanted)?.value;
  }

  /** It has learnt to answer with the mean, and its last layer's gradient is all but gone too. */
  isStuck({ name, loss, norms }: Reading): boolean {
    const before = this.first.find((reading) => reading.name === name)?.norms.at(-1) ?? NaN;
    return this.step > 0 && loss > 0.98 * this.constant && (norms.at(-1) ?? NaN) < 0.01 * before;
  }

  get layer(): number {
    return Math.min(this.now.layer, this.now.depth);
  }

  /** What the question is about; a stack that passes nothing on has none. */
  get asked(): Reading | undefined {
    const first = this.first[0];
    return first && first.norms.length > 1 && Number.isFinite(shareOf(first.norms)) ? first : undefined;
  }

  get secret(): boolean {
    return this.asking && this.asked !== undefined;
  }

  override set(change: Partial<Traits>): void {
    const before = this.now;
    super.set(change);
    this.#follow(before);
  }

  protected override restored(before: Traits): void {
    this.#follow(before);
  }

  /** New networks with the present settings: the very same initial weights for the same seed. */
  rebuild(): Promise<void> {
    this.#stale = true;
    this.#building ??= this.#builds().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  #follow(before: Traits): void {
    const { lr, layer, ask, ...rest } = this.now;
    const same = Object.entries(rest).every(([name, value]) => before[name as keyof Traits] === value);
    if (!same) void this.rebuild();
    else if (lr !== before.lr) void this.#configure(lr);
    if (layer !== before.layer || ask !== before.ask) this.failure = "";
  }

  async #configure(lr: number): Promise<void> {
    await this.#building;
    await Promise.all(this.#slots().map(([slot]) => this.connection.networks.configure(slot, { lr }))).catch((error: unknown) => {
      this.#fail(error);
    });
    if (this.#broken.some(Boolean)) return;
    this.runner.unblock();
  }

  #slots(): (readonly [slot: string, name: string])[] {
    const { activation, compare } = this.now;
    const names = compare === "" || compare === activation ? [activation] : [activation, compare];
    return names.map((name, index) => [SLOTS[index] ?? "", name] as const);
  }

  async #builds(): Promise<void> {
    await this.runner.rest();
    try {
      while (this.#stale) {
        this.#stale = false;
        await this.#build();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #build(): Promise<void> {
    const { networks } = this.connection;
    const { now } = this;
    const { depth, width, init, seed, biases } = now;
    const drawn = async (count: number, from: bigint): Promise<Float32Array> => {
      const options = { widths: [1, count], activations: [null], init: "normal", seed: BigInt(seed) + from, capacity: 1 };
      return (await networks.create("draw", options)).subarray(0, count);
    };
    const [data, pushes] = [await drawn(SAMPLES * (width + 1), DATA_SEEDS), biases > 0 ? await drawn(depth * width, BIAS_SEEDS) : undefined];
    this.#x = data.slice(0, SAMPLES * width);
    this.#y = data.slice(SAMPLES * width);
    const mean = this.#y.reduce((sum, y) => sum + y, 0) / SAMPLES;
    const constant = this.#y.reduce((sum, y) => sum + (y - mean) ** 2, 0) / SAMPLES;
    const widths = [...Array.from({ length: depth + 1 }, () => width), 1];
    const training = { loss: "squared_error", optimizer: "sgd", lr: now.lr, batchSize: SAMPLES, shuffle: false };
    for (const [slot, name] of this.#slots()) {
      const activations = widths.slice(1).map((_, index) => (index < depth ? name : null));
      const initial = await networks.create(slot, { widths, activations, init, seed: BigInt(seed), capacity: SAMPLES });
      if (pushes) {
        for (let layer = 0; layer < depth; layer++) {
          const at = (layer + 1) * width * width + layer * width;
          initial.set(pushes.subarray(layer * width, (layer + 1) * width).map((push) => push * biases), at);
        }
        await networks.setParameters(slot, initial);
      }
      await networks.learnFrom(slot, this.#x, this.#y, SAMPLES, training);
    }
    this.#broken = [];
    this.course.clear();
    this.step = 0;
    this.constant = constant;
    this.failure = "";
    this.runner.unblock();
    await this.#measure();
    this.first = this.readings;
  }

  async #work(): Promise<boolean> {
    await this.#building;
    const steps = this.runner.running ? this.#stride : 1;
    const begun = performance.now();
    const slots = this.#slots();
    await Promise.all(
      slots.map(async ([slot], index) => {
        if (this.#broken[index] !== undefined) return;
        const { taken } = await this.connection.networks.train(slot, steps);
        if (taken < steps) this.#broken[index] = this.step + taken + 1;
      }),
    );
    this.step += steps;
    await this.#measure();
    const slow = performance.now() - begun > PATIENCE;
    this.#stride = Math.min(Math.max(this.#stride + (slow ? -1 : 1), 1), STRIDE);
    return slots.some((_, index) => this.#broken[index] === undefined);
  }

  async #measure(): Promise<void> {
    const { networks } = this.connection;
    const { depth } = this.now;
    const readings = await Promise.all(
      this.#slots().map(async ([slot, name], index): Promise<Reading> => {
        // The last numbers that were any stay to be seen.
        const last = this.readings[index];
        if (this.#broken[index] !== undefined && last?.name === name) return { ...last, broken: this.#broken[index] };
        const [{ loss, norms }, { mean, flat }] = await Promise.all([
          networks.gradients(slot),
          networks.slopes(slot, this.#x, SAMPLES, FLAT),
        ]);
        const broken = this.#broken[index] ?? (norms.every(Number.isFinite) && Number.isFinite(loss) ? undefined : this.step + 1);
        return { name, title: this.title(name), look: this.look(name), loss, norms: norms.slice(0, depth), slopes: mean, flat, broken };
      }),
    );
    if (this.step === 0) this.decades = [-1, -1];
    this.decades = this.#widened(readings);
    this.course.push(this.step, ...readings.map(({ loss, broken }) => (broken === undefined ? loss : NaN)));
    this.readings = readings;
    this.moments++;
  }

  /** While it trains the axis only grows, so that bars can be compared from step to step. */
  #widened(readings: readonly Reading[]): Decades {
    const sizes = readings.flatMap(({ norms }) => norms).filter((norm) => norm >= SMALLEST && Number.isFinite(norm)).map(Math.log10);
    const [low, high] = this.decades;
    if (sizes.length === 0) return high > low ? [low, high] : [-6, 0];
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    const round = high - least > 8 ? 5 : 1;
    return [
      least < low ? Math.max(Math.floor((least - 0.25) / round) * round, -30) : low,
      most > high ? Math.ceil(most) : high,
    ];
  }

  #fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
  }
}
