import type { TrainingOptions } from "../../lib/engine";
import { short } from "../../lib/format";
import { labOf, type Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { connect, type Connection } from "../../lib/net/connect";
import { fingerprint } from "../../lib/net/fingerprint";
import { NetworkState } from "../../lib/net/state.svelte";
import { Course } from "../../lib/plot/course";
import { Runner } from "../../lib/runner.svelte";
import { messages } from "../../messages";
import { POINTS, points, type Data } from "./data";
import { ASKED, DEFAULTS, LIMITS, type Traits } from "./traits";

/** One hidden unit over all points. */
export interface Unit {
  layer: number;
  /** The share of the points at which its sum is positive; 0: it is dead. */
  active: number;
  least: number;
  most: number;
}

export type Fate = "none" | "few" | "most" | "broke";

const NET = "net";
const BATCH = 64;
/** Steps in one pass over the points, which is a frame. */
export const PASS = Math.ceil(POINTS / BATCH);
/** The passes that the question is about. */
export const ASKED_PASSES = 100;
/** Pixels along a side of the decision map, and half of what it shows of the plane. */
export const SIDE = 44;
export const HALF = 1.5;
export const PUSH = -5;

function pixels(): Float32Array {
  const at = (index: number): number => HALF * ((2 * index + 1) / SIDE - 1);
  return Float32Array.from({ length: 2 * SIDE * SIDE }, (_, index) => {
    const pixel = index >> 1;
    return index % 2 === 0 ? at(pixel % SIDE) : -at(Math.floor(pixel / SIDE));
  });
}

export class DyingState extends NetworkState<Traits> {
  units: Unit[] = $state.raw([]);
  parameters: Float32Array = $state.raw(new Float32Array());
  /** The network's probability of the second class at each pixel. */
  map: Float64Array = $state.raw(new Float64Array());
  data: Data = $state.raw({ x: new Float32Array(), y: new Float32Array() });
  step = $state(0);
  loss = $state(NaN);
  /** The step that could not be taken, because a number in it was not finite. */
  broken: number | undefined = $state();
  fingerprint = $state("");
  /** The largest |difference| of a weight or bias from the initial one. */
  moved = $state(0);
  failure = $state("");
  moments = $state(0);
  events: { step: number; label: string }[] = $state.raw([]);
  /** Those that were dead when the activation was changed. */
  buried: number[] = $state.raw([]);
  /** What becomes of the units at the rate that is asked about. */
  trial: { fate: Fate; dead: number; of: number; step: number } | undefined = $state.raw();
  readonly course = new Course(3);
  readonly runner: Runner;

  readonly #pixels = pixels();
  #initial: Float32Array = new Float32Array();
  #recent: number[] = [];
  /** It stops there by itself. */
  #until = Infinity;
  /** Whatever is done to the network is done in turn. */
  #last: Promise<void> = Promise.resolve();

  static async open(model: Model): Promise<DyingState> {
    const [lab, connection] = await Promise.all([labOf(model), connect(model)]);
    const state = new DyingState(model, lab, connection);
    await state.#do(() => state.#begin());
    if (state.now.ask) await state.#do(() => state.#try());
    return state;
  }

  private constructor(model: Model, lab: Lab, connection: Connection) {
    super(model, DEFAULTS, LIMITS, lab, connection);
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

  get unit(): number {
    return Math.min(this.now.unit, 2 * this.now.units);
  }

  /** Whether what is active on no point has a slope all the same. */
  get leaky(): boolean {
    return this.now.activation === "leaky_relu";
  }

  dead(layer?: number): number {
    return this.units.filter((unit) => unit.active === 0 && (layer === undefined || unit.layer === layer)).length;
  }

  /** Of those that were dead when the activation changed, how many are not any more. */
  get back(): number {
    return this.buried.filter((index) => (this.units[index]?.active ?? 0) > 0).length;
  }

  override set(change: Partial<Traits>): void {
    const before = this.now;
    super.set(change);
    this.#follow(before);
  }

  protected override restored(before: Traits): void {
    this.#follow(before);
  }

  /** The very same initial weights, and the same order of points. */
  rewind(): Promise<void> {
    return this.#do(async () => {
      await this.runner.rest();
      await this.connection.networks.reset(NET);
      await this.connection.networks.setParameters(NET, this.#initial);
      await this.#start();
    });
  }

  /** All hidden biases, as they are now, are lowered. */
  push(): Promise<void> {
    return this.#alive(async () => {
      const now = await this.connection.networks.parameters(NET);
      this.#shift(now, PUSH);
      await this.connection.networks.setParameters(NET, now);
      this.#mark(messages.dying.pushed);
    });
  }

  /** What was asked is shown: from the start, with that learning rate. */
  async show(): Promise<void> {
    this.set({ lr: ASKED, activation: "relu", optimizer: "sgd" });
    this.commit();
    await this.rewind();
    this.#until = ASKED_PASSES * PASS;
    this.runner.play();
  }

  /** A learning rate that a hand has left. */
  keepRate(): void {
    if (this.step > 0) this.#mark(messages.dying.rateIs({ rate: short(this.now.lr) }));
    this.commit("lr");
  }

  #follow(before: Traits): void {
    if (this.asking && !before.ask) void this.#do(() => this.#try());
    const { data, units, seed, bias, lr, optimizer, activation } = this.now;
    if (data !== before.data || units !== before.units || seed !== before.seed || bias !== before.bias) {
      void this.#do(async () => {
        await this.runner.rest();
        await this.#begin();
      });
    } else {
      if (activation !== before.activation) void this.#change(activation);
      if (lr !== before.lr || optimizer !== before.optimizer) {
        if (optimizer !== before.optimizer && this.step > 0) this.#mark(messages.dying.optimizers[optimizer]);
        void this.#do(async () => {
          await this.connection.networks.configure(NET, { lr, optimizer });
          this.#unblock();
        });
      }
    }
  }

  /** Other units, the same weights. */
  #change(activation: Traits["activation"]): Promise<void> {
    return this.#alive(async () => {
      const { networks } = this.connection;
      const weights = await networks.parameters(NET);
      await this.#create(NET, activation);
      await networks.setParameters(NET, weights);
      await this.#learn(NET, {});
      this.buried = this.units.flatMap(({ active }, index) => (active === 0 ? [index] : []));
      if (this.step > 0) this.#mark(messages.dying.changed({ title: this.title(activation) }));
    });
  }

  /** Something is done to the network between two frames; if it was learning it goes on. */
  #alive(act: () => Promise<void>): Promise<void> {
    return this.#do(async () => {
      const { running } = this.runner;
      await this.runner.rest();
      await act();
      await this.#look();
      this.#unblock();
      if (running) this.runner.play();
    });
  }

  #do(act: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(act).catch((error: unknown) => {
      this.#fail(error);
    });
    return this.#last;
  }

  #unblock(): void {
    this.broken = undefined;
    this.runner.unblock();
  }

  #create(name: string, activation: string): Promise<Float32Array> {
    const { units, seed } = this.now;
    return this.connection.networks.create(name, {
      widths: [2, units, units, 1],
      activations: [activation, activation, null],
      init: "he",
      seed: BigInt(seed),
      capacity: Math.max(POINTS, SIDE * SIDE),
    });
  }

  #learn(name: string, other: Partial<TrainingOptions>): Promise<void> {
    const { lr, optimizer } = this.now;
    const options = { loss: "binary_cross_entropy", optimizer, lr, batchSize: BATCH, shuffle: true, ...other };
    return this.connection.networks.learnFrom(name, this.data.x, this.data.y, POINTS, options);
  }

  /** Adds to the biases of all hidden units; they stand behind each layer's weights. */
  #shift(parameters: Float32Array, by: number): void {
    const { units } = this.now;
    for (const at of [2 * units, 3 * units + units * units])
      for (let unit = 0; unit < units; unit++) parameters[at + unit] = (parameters[at + unit] ?? 0) + by;
  }

  async #begin(): Promise<void> {
    const { networks } = this.connection;
    const draws = await networks.create("draws", { widths: [1, 2 * POINTS], activations: [null], init: "normal", seed: 1n, capacity: 1 });
    this.data = points(this.now.data, draws);
    this.#initial = await this.#create(NET, this.now.activation);
    if (this.now.bias !== 0) {
      this.#shift(this.#initial, this.now.bias);
      await networks.setParameters(NET, this.#initial);
    }
    await this.#learn(NET, {});
    this.fingerprint = fingerprint(this.#initial);
    await this.#start();
  }

  async #start(): Promise<void> {
    this.step = 0;
    this.loss = NaN;
    this.#recent = [];
    this.#until = Infinity;
    this.events = [];
    this.buried = [];
    this.failure = "";
    this.course.clear();
    this.#unblock();
    await this.#look();
  }

  async #work(): Promise<boolean> {
    const steps = this.runner.running ? PASS : 1;
    const { taken, loss } = await this.connection.networks.train(NET, steps);
    this.step += taken;
    this.#recent = [...this.#recent, ...loss.subarray(0, taken)].slice(-PASS);
    this.loss = this.#recent.reduce((sum, each) => sum + each, 0) / this.#recent.length;
    if (taken < steps) this.broken = this.step + 1;
    await this.#look();
    if (this.step >= this.#until) {
      this.#until = Infinity;
      this.runner.pause();
    }
    return taken === steps;
  }

  /** The units over all points, and the map, with the present weights. */
  async #look(): Promise<void> {
    const { networks } = this.connection;
    const [layers, outputs, parameters] = await Promise.all([
      networks.layers(NET, this.data.x, POINTS),
      networks.outputs(NET, this.#pixels, SIDE * SIDE),
      networks.parameters(NET),
    ]);
    this.units = layers.z.slice(0, 2).flatMap((sums, layer) => census(sums, layer));
    const sigmoid = this.lab.kernels.find(({ fn }) => fn.name === "sigmoid");
    if (sigmoid) this.map = sigmoid.evaluate(0, "f32", Float64Array.from(outputs), []);
    this.parameters = parameters;
    this.moved = parameters.reduce((most, value, index) => Math.max(most, Math.abs(value - (this.#initial[index] ?? 0))), 0);
    this.course.push(this.step, this.dead(0), this.dead(1), this.loss);
    this.moments++;
  }

  /** The question's answer: the same network and points, run aside. */
  async #try(): Promise<void> {
    const { networks } = this.connection;
    const steps = ASKED_PASSES * PASS;
    const initial = await this.#create("trial", "relu");
    this.#shift(initial, this.now.bias);
    await networks.setParameters("trial", initial);
    await this.#learn("trial", { optimizer: "sgd", lr: ASKED });
    const { taken } = await networks.train("trial", steps);
    const { z } = await networks.layers("trial", this.data.x, POINTS);
    const units = z.slice(0, 2).flatMap((sums, layer) => census(sums, layer));
    const dead = units.filter(({ active }) => active === 0).length;
    const share = dead / units.length;
    this.trial = { fate: taken < steps ? "broke" : share < 0.1 ? "none" : share < 0.5 ? "few" : "most", dead, of: units.length, step: taken };
    await networks.drop("trial");
  }

  #mark(label: string): void {
    this.events = [...this.events.filter(({ step }) => step !== this.step), { step: this.step, label }];
  }

  #fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
  }
}

/** From sums, [units][POINTS]. */
function census(sums: Float32Array, layer: number): Unit[] {
  return Array.from({ length: sums.length / POINTS }, (_, unit) => {
    let [active, least, most] = [0, Infinity, -Infinity];
    for (const z of sums.subarray(unit * POINTS, (unit + 1) * POINTS)) {
      if (z > 0) active++;
      least = Math.min(least, z);
      most = Math.max(most, z);
    }
    return { layer, active: active / POINTS, least, most };
  });
}
