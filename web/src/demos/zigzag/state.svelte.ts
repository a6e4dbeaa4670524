import type { Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import { draws } from "../../lib/net/draws";
import { latest } from "../../lib/net/latest";
import { NetworkState } from "../../lib/net/state.svelte";
import { messages } from "../../messages";
import { DIRECTIONS, measured, ring, type Measures } from "./path";
import { DEFAULTS, MOST_STEPS, NEAR, readers, SAMPLES, WANTED, type Traits } from "./traits";

/** One of the two descents. */
export interface Side {
  name: string;
  /** The loss at distance 1 from the weights wanted, in each of DIRECTIONS directions. */
  bowl: Float64Array;
  /** The weights before each step and after the last: w₁, w₂ in turn. */
  path: Float32Array;
  measures: Measures;
}

/** Weights as the engine's parameters: the bias is 0 and held there. */
const parameters = (w1: number, w2: number): number[] => [w1, w2, 0];
const AT = Float32Array.from(parameters(...WANTED));

export class ZigzagState extends NetworkState<Traits> {
  sides: Side[] = $state.raw([]);
  problem = $state("");

  /** What each side's networks were made from. */
  readonly #made = ["", ""];
  readonly #bowls: Float64Array[] = [];

  constructor(model: Model, lab: Lab, connection: Connection) {
    super(
      model,
      DEFAULTS,
      readers((name) => lab.kernels.some(({ fn }) => fn.name === name)),
      lab,
      connection,
    );
  }

  readonly update = latest(
    () => this.#update(),
    (error) => {
      this.problem = messages.engineFailed({ reason: error instanceof Error ? error.message : String(error) });
    },
  );

  async #update(): Promise<void> {
    const { inputs } = this.now;
    const sides: Side[] = [];
    for (const [index, name] of inputs.entries()) sides.push(await this.#descend(index, name));
    this.sides = sides;
  }

  async #descend(index: number, name: string): Promise<Side> {
    const { networks } = this.connection;
    const { start, lr, batch, seed } = this.now;
    const wanted = JSON.stringify([name, lr, batch, seed]);
    if (this.#made[index] !== wanted) {
      const x = await this.#features(name, seed);
      await networks.create("wanted", { widths: [2, 1], activations: [null], capacity: SAMPLES });
      await networks.setParameters("wanted", AT);
      const y = await networks.outputs("wanted", x, SAMPLES);
      const training = { loss: "squared_error", optimizer: "sgd" };
      const options = { widths: [2, 1], activations: [null], seed: BigInt(seed), capacity: SAMPLES };
      await networks.create(`bowl${index}`, options);
      await networks.learnFrom(`bowl${index}`, x, y, SAMPLES, { ...training, lr: 0, batchSize: SAMPLES });
      const around = ring(...WANTED).flatMap(([w1, w2]) => parameters(w1, w2));
      this.#bowls[index] = (await networks.measureAt(`bowl${index}`, Float32Array.from(around))).loss;
      await networks.create(`walk${index}`, options);
      const batchSize = batch === "all" ? SAMPLES : Number(batch);
      await networks.learnFrom(`walk${index}`, x, y, SAMPLES, { ...training, lr, batchSize });
      this.#made[index] = wanted;
    }
    const [w1 = 0, w2 = 0] = start;
    const distance = NEAR * Math.hypot(w1 - WANTED[0], w2 - WANTED[1]);
    const from = Float32Array.from(parameters(w1, w2));
    const walk = await networks.walk(`walk${index}`, from, MOST_STEPS, { held: [2], until: { at: AT, distance } });
    const path = walk.path.filter((_, i) => i % 3 !== 2);
    const bowl = this.#bowls[index] ?? new Float64Array(DIRECTIONS);
    return { name, bowl, path, measures: measured(path, bowl, distance) };
  }

  /** The same random numbers through the activation: the inputs of the neuron, [SAMPLES][2]. */
  async #features(name: string, seed: number): Promise<Float32Array> {
    const { networks } = this.connection;
    await networks.create("features", { widths: [2, 2], activations: [name], capacity: SAMPLES });
    await networks.setParameters("features", Float32Array.of(1, 0, 0, 1, 0, 0));
    return networks.outputs("features", await draws(networks, "normal", 2 * SAMPLES, seed), SAMPLES);
  }
}
