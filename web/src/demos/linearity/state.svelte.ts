import type { Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import { draws } from "../../lib/net/draws";
import { latest } from "../../lib/net/latest";
import { NetworkState } from "../../lib/net/state.svelte";
import { messages } from "../../messages";
import { byUnit, fit, gridPoints, linePoints, middleOff, worstLine, type Points, type Window } from "./plane";
import { DEFAULTS, NONE, readers, type Traits } from "./traits";
import { DRAWS, stackOf } from "./weights";

/** What one layer in place of the whole stack is, and how well it stands in. */
export interface Collapse {
  /** W′, row by row. */
  w: number[];
  b: number[];
  /** The largest difference between stack and layer over the grid, and the largest output of the stack. */
  apart: number;
  size: number;
  /** The grid as the one layer has it. */
  image: Points;
  /** Where it fails: the line that does not stay straight, the first layer that bends one, how far its middle is off. */
  bend: { line: number; layer: number; off: number } | undefined;
}

/** More than float32's rounding through ten layers, far less than any bend that the eye sees. */
const TOLERANCE = 1e-4;

const GRID = gridPoints();
const CORNERS = Float32Array.from([0, 0, 1, 0, 0, 1]);

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

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
      this.problem = messages.engineFailed(error instanceof Error ? error.message : String(error));
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
      await networks.setParameters("stack", stackOf(await draws(networks, "uniform", DRAWS, seed), layers));
      const grid = await networks.layers("stack", GRID, GRID.length / 2);
      this.images = [byUnit(GRID), ...grid.a];
      this.collapse = undefined;
      this.#made = wanted;
    }
    const points = linePoints(line);
    const run = await networks.layers("stack", points, points.length / 2);
    this.lines = [byUnit(points), ...run.a];
    this.collapse = collapsed ? (this.collapse ?? (await this.#multiplyOut())) : undefined;
  }

  /** One layer that agrees with the stack at three corners: if any layer is the same as the stack, it is this one. */
  async #multiplyOut(): Promise<Collapse> {
    const { networks } = this.connection;
    const [x0 = NaN, y0 = NaN, x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = await networks.outputs("stack", CORNERS, 3);
    const w = [x1 - x0, x2 - x0, y1 - y0, y2 - y0];
    const b = [x0, y0];
    await networks.create("one", { widths: [2, 2], activations: [null], capacity: GRID.length / 2 });
    await networks.setParameters("one", Float32Array.from([...w, ...b]));
    const image = byUnit(await networks.outputs("one", GRID, GRID.length / 2));
    const output = this.images.at(-1) ?? image;
    const apart = largest(output.map((value, i) => value - (image[i] ?? NaN)));
    const size = largest(output);
    return { w, b, apart, size, image, bend: apart <= TOLERANCE * size ? undefined : this.#bend() };
  }

  #bend(): Collapse["bend"] {
    const output = this.images.at(-1);
    if (!output) return undefined;
    const { line, off } = worstLine(output);
    const first = this.images.findIndex((points, k) => middleOff(points, line) > TOLERANCE * (this.windows[k]?.half ?? Infinity));
    return { line, off, layer: first };
  }
}
