import type { Broken, NetworkOptions, TrainingOptions } from "../../lib/engine";
import type { Connection } from "../../lib/net/connect";
import type { Frame, Pictures, Place, Samples, Score, UnitReport, View } from "../../lib/net/frame";
import { fingerprint } from "../../lib/net/fingerprint";
import { LARGE } from "./plan";

/** All that the worker needs; the keys say when a part has changed. */
export interface Plan {
  network: Omit<NetworkOptions, "capacity">;
  /** Another one: training begins anew. */
  networkKey: string;
  train: Samples;
  test: Samples;
  training: TrainingOptions;
  /** Another one: training goes on, with these samples and settings. */
  dataKey: string;
  view: View;
  viewKey: string;
}

/** One point of the loss curves. */
export interface Entry {
  step: number;
  train: number;
  test: number;
}

export interface Numbers {
  step: number;
  train: Score;
  test: Score;
  parameters: Float32Array;
  unit: UnitReport;
  fingerprint: string;
  curve: readonly Entry[];
}

export interface Trouble extends Broken {
  /** The step that was not taken, from 1. */
  step: number;
}

const NAME = "playground";
/** So many samples at once stay in the processor's cache, with all that six layers make of them. */
const CAPACITY = 1024;
const LONGEST_CURVE = 600;
/** Numbers that are read change a few times a second; pictures change with every frame. */
const READING_MS = 100;
/** Frames that take longer than this, in ms, get a coarse large picture; below the other, the fine one again. */
const TOO_SLOW = 14;
const FAST_AGAIN = 6;

/** The network in the worker, and what is known of it here. */
export class Training {
  pictures: (Pictures & { widths: readonly number[] }) | undefined = $state.raw();
  numbers: Numbers | undefined = $state.raw();
  trouble: Trouble | undefined = $state.raw();
  /** Weights were typed or loaded: the run no longer follows from the settings alone. */
  edited = $state(false);
  /** The fingerprint of the weights at the start. */
  start = $state("");

  readonly #connection: Connection;
  #applied: Plan | undefined;
  #step = 0;
  #curve: Entry[] = [];
  #latest: Frame | undefined;
  #published = 0;
  #coarse = false;
  #pace = 8;
  #unit: Place = { layer: 0, unit: 0 };

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  close(): void {
    this.#connection.close();
  }

  get widths(): readonly number[] {
    return this.#applied?.network.widths ?? [];
  }

  /** The latest, which may be ahead of the numbers on show. */
  get parameters(): Float32Array | undefined {
    return this.#latest?.parameters;
  }

  /** Brings the worker to a plan; whether training begins anew, and whether it goes on with other samples or settings. */
  async apply(plan: Plan): Promise<{ anew: boolean; changed: boolean }> {
    const { networks } = this.#connection;
    const before = this.#applied;
    const anew = before?.networkKey !== plan.networkKey;
    if (anew) this.#begin(await networks.create(NAME, { ...plan.network, capacity: CAPACITY }));
    const handOver = anew || before.dataKey !== plan.dataKey;
    if (handOver && plan.train.count > 0)
      await networks.learnFrom(NAME, plan.train.x, plan.train.y, plan.train.count, plan.training);
    if (handOver || before.viewKey !== plan.viewKey)
      await networks.watch(NAME, { train: plan.train, test: plan.test, view: plan.view });
    if (handOver) this.trouble = undefined;
    this.#applied = plan;
    return { anew, changed: handOver };
  }

  /** Back to the very same initial weights. */
  async rewind(): Promise<void> {
    const plan = this.#applied;
    if (!plan) return;
    this.#begin(await this.#connection.networks.reset(NAME));
  }

  /** Takes steps and reads everything, at leisure or as one of many frames; false where a step could not be taken. */
  async run(steps: number, unit: Place, hurried = false): Promise<boolean> {
    const plan = this.#applied;
    if (!plan) return false;
    this.#unit = unit;
    const picture = hurried && this.#coarse ? "coarse" : "fine";
    const started = performance.now();
    const frame = await this.#connection.networks.frame(NAME, steps, { unit, picture });
    if (hurried) this.#timed(performance.now() - started);
    // Meanwhile another network may have taken its place.
    if (frame.parameters.length === 0 || plan.networkKey !== this.#applied?.networkKey) return true;
    this.#step += frame.taken;
    if (frame.broken) this.trouble = { ...frame.broken, step: this.#step + 1 };
    this.#latest = frame;
    if (frame.pictures) this.pictures = { ...frame.pictures, widths: plan.network.widths };
    this.#record(frame);
    if (!hurried || frame.broken || performance.now() - this.#published > READING_MS) this.publish();
    return !frame.broken;
  }

  async setParameters(parameters: Float32Array): Promise<void> {
    await this.#connection.networks.setParameters(NAME, parameters);
    this.edited = true;
    this.trouble = undefined;
  }

  /** The output at one point of the plane: for reading, not for pictures. */
  at(x: number, y: number): Promise<Float32Array> {
    return this.#connection.networks.outputs(NAME, Float32Array.of(x, y), 1);
  }

  /** Shows the latest numbers now. */
  publish(): void {
    const frame = this.#latest;
    if (!frame || frame.unit.layer !== this.#unit.layer || frame.unit.unit !== this.#unit.unit) return;
    this.#published = performance.now();
    this.numbers = {
      step: this.#step,
      train: frame.train,
      test: frame.test,
      parameters: frame.parameters,
      unit: frame.unit,
      fingerprint: fingerprint(frame.parameters),
      curve: [...this.#curve],
    };
  }

  /** Whether the last picture is a coarse one: at rest there is time for better. */
  get coarse(): boolean {
    return this.pictures !== undefined && this.pictures.side < LARGE;
  }

  #timed(took: number): void {
    this.#pace += (took - this.#pace) / 8;
    if (this.#pace > TOO_SLOW) this.#coarse = true;
    else if (this.#pace < FAST_AGAIN) this.#coarse = false;
  }

  #begin(parameters: Float32Array): void {
    this.start = fingerprint(parameters);
    this.#step = 0;
    this.#curve = [];
    this.#latest = undefined;
    this.trouble = undefined;
    this.edited = false;
  }

  /** Every step's losses until there are too many, then every second one's, and so on. */
  #record({ train, test }: Frame): void {
    const last = this.#curve.at(-1);
    const entry = { step: this.#step, train: train.loss, test: test.loss };
    if (last?.step === entry.step) this.#curve[this.#curve.length - 1] = entry;
    else this.#curve.push(entry);
    if (this.#curve.length <= LONGEST_CURVE) return;
    this.#curve = this.#curve.filter((_, index) => index % 2 === 0 || index === this.#curve.length - 1);
  }
}
