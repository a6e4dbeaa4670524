import type { Lab } from "../../lib/lab/lab";
import type { Connection } from "../../lib/net/connect";
import { draws } from "../../lib/net/draws";
import { Runner } from "../../lib/runner.svelte";
import { messages } from "../../messages";
import { NONE, type Traits } from "./traits";

/** Points of the plane, [count][2], and which of two kinds each is. */
export interface Task {
  x: Float32Array;
  y: Float32Array;
}

/** How far one of the two networks has come. */
export interface Learner {
  /** The loss before any step, after one, after two …. */
  losses: number[];
  /** The share of points on the right side. */
  right: number;
  /** Its probability of a 1 on the lattice, row by row from above. */
  map: Float64Array;
}

const QUARTER = 50;
const HIDDEN = 8;
export const MOST_STEPS = 600;
export const EDGE = 1.15;
export const SIDE = 56;
const LATTICE = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const [column, row] = [(i >> 1) % SIDE, Math.floor((i >> 1) / SIDE)];
  const at = (k: number): number => EDGE * ((2 * k + 1) / SIDE - 1);
  return i % 2 === 0 ? at(column) : -at(row);
});

/** Few steps between two pictures at first, when most happens. */
const atOnce = (done: number): number => (done < 60 ? 1 : 4);

/**
 * Points and their images in both axes: there is no straight line that says more about them than a guess. XOR: 1 where
 * the coordinates have one sign. Rings: 1 within, 0 without.
 */
export async function taskOf(connection: Connection, kind: "xor" | "rings", seed: number): Promise<Task> {
  const random = (await draws(connection.networks, "uniform", 2 * QUARTER, seed)).map((u) => (u + 1) / 2);
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < QUARTER; i++) {
    const [u, v] = [random[2 * i] ?? 0, random[2 * i + 1] ?? 0];
    const inner = i % 2 === 0;
    const radius = (inner ? 0.3 : 0.8) + 0.2 * u;
    const turn = (v * Math.PI) / 2;
    const [px, py] = kind === "xor" ? [0.1 + 0.9 * u, 0.1 + 0.9 * v] : [radius * Math.cos(turn), radius * Math.sin(turn)];
    for (const a of [1, -1])
      for (const b of [1, -1]) {
        x.push(a * px, b * py);
        y.push(Number(kind === "xor" ? a === b : inner));
      }
  }
  return { x: Float32Array.from(x), y: Float32Array.from(y) };
}

/** A stack of linear layers and one hidden layer with a bend, trained side by side on the same points. */
export class Learning {
  task: Task | undefined = $state.raw();
  deep: Learner | undefined = $state.raw();
  bent: Learner | undefined = $state.raw();
  problem = $state("");
  readonly steps: number = $derived((this.deep?.losses.length ?? 1) - 1);
  readonly runner: Runner;
  readonly #lab: Lab;
  readonly #connection: Connection;
  #made = "";

  constructor(lab: Lab, connection: Connection) {
    this.#lab = lab;
    this.#connection = connection;
    this.runner = new Runner(() => this.#round(), this.#failed);
  }

  readonly #failed = (error: unknown): void => {
    this.problem = messages.engineFailed({ reason: error instanceof Error ? error.message : String(error) });
  };

  /** What bends the hidden layer. */
  static bendOf(activation: string): string {
    return activation === NONE ? "tanh" : activation;
  }

  async restart({ task, layers, activation, seed }: Traits, force = false): Promise<void> {
    const wanted = JSON.stringify([task, layers, activation, seed]);
    if (!force && wanted === this.#made) return;
    this.#made = wanted;
    await this.runner.rest();
    this.runner.unblock();
    if (task === "none") return;
    try {
      const points = await taskOf(this.#connection, task, seed);
      const inner = Array<number>(layers - 1).fill(HIDDEN);
      const deep = await this.#begin("deep", [2, ...inner, 1], Array<null>(layers).fill(null), seed, points);
      const bent = await this.#begin("bent", [2, HIDDEN, 1], [Learning.bendOf(activation), null], seed, points);
      if (wanted !== this.#made) return;
      this.task = points;
      [this.deep, this.bent] = [deep, bent];
    } catch (error) {
      this.#failed(error);
    }
  }

  async #begin(name: string, widths: number[], activations: (string | null)[], seed: number, task: Task): Promise<Learner> {
    const { networks } = this.#connection;
    const count = task.y.length;
    const capacity = LATTICE.length / 2;
    const first = await networks.create(name, { widths, activations, init: "xavier", seed: BigInt(seed), capacity });
    const training = { loss: "binary_cross_entropy", optimizer: "adam", lr: 0.02, batchSize: count };
    await networks.learnFrom(name, task.x, task.y, count, training);
    // Its double says what the loss is now; training says what it was before each step.
    await networks.create(`${name} gauge`, { widths, activations, capacity: count });
    await networks.learnFrom(`${name} gauge`, task.x, task.y, count, { ...training, optimizer: "sgd", lr: 0 });
    return this.#read(name, task, first, []);
  }

  async #read(name: string, task: Task, parameters: Float32Array, before: number[]): Promise<Learner> {
    const { networks } = this.#connection;
    const { loss } = await networks.measureAt(`${name} gauge`, parameters);
    const logits = Float64Array.from(await networks.outputs(name, LATTICE, LATTICE.length / 2));
    const answers = await networks.outputs(name, task.x, task.y.length);
    const right = answers.reduce((sum, z, i) => sum + Number(z > 0 === (task.y[i] === 1)), 0) / task.y.length;
    const sigmoid = this.#lab.kernels.find(({ fn }) => fn.name === "sigmoid");
    return { losses: [...before, loss[0] ?? NaN], right, map: sigmoid?.evaluate(0, "f32", logits, []) ?? logits };
  }

  async #round(): Promise<boolean> {
    const { task, deep, bent } = this;
    if (!task || !deep || !bent) return false;
    const steps = Math.min(this.runner.running ? atOnce(this.steps) : 1, MOST_STEPS - this.steps);
    const on = async (name: string, { losses }: Learner): Promise<Learner> => {
      const { loss, parameters } = await this.#connection.networks.train(name, steps, { parameters: true });
      // The first of what the steps saw is known.
      const seen = Array.from({ length: steps - 1 }, (_, i) => loss[i + 1] ?? NaN);
      return this.#read(name, task, parameters ?? new Float32Array(), [...losses, ...seen]);
    };
    [this.deep, this.bent] = await Promise.all([on("deep", deep), on("bent", bent)]);
    return this.steps < MOST_STEPS;
  }
}
