import type { Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import { draws } from "../../lib/net/draws";
import { latest } from "../../lib/net/latest";
import type { Layers } from "../../lib/net/networks";
import { NetworkState } from "../../lib/net/state.svelte";
import { fetchTexts, messages } from "../../messages";
import type { Collapse } from "./collapse";
import { byUnit, fit, gridPoints, linePoints, type Points, type Window } from "./plane";
import { DEFAULTS, NONE, readers, type Traits } from "./traits";
import { DRAWS, reaching, stackOf } from "./weights";

export const GRID = gridPoints();

/** The stack: its grid and its line, layer by layer. Everything in them was computed by the network engine. */
export class LinearityState extends NetworkState<Traits> {
  /** The grid in the input and after each layer. */
  images: Points[] = $state.raw([]);
  /** The line that is dragged, in the same places. */
  lines: Points[] = $state.raw([]);
  collapse: Collapse | undefined = $state.raw();
  problem = $state("");
  readonly windows: (Window | undefined)[] = $derived(this.images.map(fit));

  /** Of the stack that the engine holds. */
  #made = "";

  constructor(model: Model, lab: Lab, connection: Connection) {
    super(
      model,
      DEFAULTS,
      readers((name) => lab.kernels.some(({ fn }) => fn.name === name)),
      lab,
      connection,
    );
  }

  override get functions(): { name: string; title: string }[] {
    return [{ name: NONE, title: messages.linearity.none }, ...super.functions];
  }

  /** There is something between two layers that may bend. */
  get bent(): boolean {
    return this.now.activation !== NONE && this.now.layers > 1;
  }

  /** Everything anew from the traits; asked for at every change. */
  readonly update = latest(
    () => this.#update(),
    (error) => {
      this.problem = messages.engineFailed({ reason: error instanceof Error ? error.message : String(error) });
    },
  );

  async #update(): Promise<void> {
    const { layers, seed, activation, line, collapsed } = this.now;
    const wanted = JSON.stringify([layers, seed, activation]);
    const { networks } = this.connection;
    if (wanted !== this.#made) {
      const bend = activation === NONE ? null : activation;
      await networks.create("stack", {
        widths: Array<number>(layers + 1).fill(2),
        activations: [...Array<string | null>(layers - 1).fill(bend), null],
        capacity: GRID.length / 2,
      });
      let parameters = stackOf(await draws(networks, "uniform", DRAWS, seed), layers);
      let grid = await this.#run(parameters);
      // The last layer has no curve behind it, and is zoomed to fit anyway.
      for (let layer = 0; bend !== null && layer < layers - 1; layer++) {
        parameters = reaching(parameters, layer, grid.z[layer] ?? new Float32Array());
        grid = await this.#run(parameters);
      }
      this.images = [byUnit(GRID), ...grid.a];
      this.collapse = undefined;
      this.#made = wanted;
    }
    const points = linePoints(line);
    const run = await networks.layers("stack", points, points.length / 2);
    this.lines = [byUnit(points), ...run.a];
    this.collapse = collapsed ? (this.collapse ?? (await this.#multiplyOut())) : undefined;
  }

  async #run(parameters: Float32Array): Promise<Layers> {
    const { networks } = this.connection;
    await networks.setParameters("stack", parameters);
    return networks.layers("stack", GRID, GRID.length / 2);
  }

  /** Fetched when it is first asked for. */
  async #multiplyOut(): Promise<Collapse> {
    const [{ multiplyOut }] = await Promise.all([import("./collapse"), fetchTexts("later")]);
    return multiplyOut(this);
  }
}
