import type { Engine, Network, OwnActivation } from "../engine";

/** A picture but for its size and latent numbers: the network that paints it, as nonlin.art.Artwork has it. */
export interface Plan {
  seed: number;
  widths: number[];
  /** One for each layer, the last one's among them. */
  activations: string[];
  /** Those among them that the engine has not. */
  own: OwnActivation[];
  /** Gain and shift of each layer. */
  drive: [number, number][];
  /** By how many standard deviations units are moved apart. */
  jitter: number;
  /** The side of the grid over which weights are standardised. */
  reference: number;
  /** A bit for each input. */
  inputs: number;
  /** Three bytes for each of 64 × 256 colours; without it three outputs are the colour. */
  table?: Uint8Array;
}

export interface Place {
  width: number;
  height: number;
  latent: readonly [number, number];
}

/** A pixel's way through the network. */
export interface Look {
  inputs: Float32Array;
  /** Each layer's outputs. */
  layers: Float32Array[];
  rgb: [number, number, number];
}

/** Pixels that are copied out of the engine's memory at once. */
const PIECE = 4096;

/** Paints with a network whose outputs lie in [0, 1]. The engine computes; this counts pixels. */
export class Painter {
  readonly #network: Network;
  readonly #plan: Plan;
  readonly #out: number;
  readonly #table: number;

  private constructor(network: Network, plan: Plan) {
    this.#network = network;
    this.#plan = plan;
    this.#out = network.reserve(4 * PIECE);
    // The engine reads a byte behind the last colour.
    this.#table = plan.table ? network.reserve(plan.table.length + 1) : 0;
    if (plan.table) network.bytes(this.#table, plan.table.length).set(plan.table);
    this.#standardise();
  }

  static async make(engine: Engine, plan: Plan): Promise<Painter> {
    const { widths, activations, own, seed, reference } = plan;
    const options = { widths, activations, own, init: "normal", seed: BigInt(seed), capacity: reference ** 2 };
    return new Painter(await engine.network(options), plan);
  }

  /** All weights and biases, layer by layer. */
  get parameters(): Float32Array {
    return this.#network.parameters.slice();
  }

  /** Pixels from the number `first` on, four bytes each. */
  paint(place: Place, first: number, count: number): Uint8ClampedArray<ArrayBuffer> {
    const network = this.#network;
    const picture = new Uint8ClampedArray(4 * count);
    for (let done = 0; done < count; done += PIECE) {
      const piece = Math.min(PIECE, count - done);
      network.picture(this.#out, this.#table, first + done, piece, this.#seen(place, 0));
      picture.set(network.bytes(this.#out, 4 * piece), 4 * done);
    }
    return picture;
  }

  look(place: Place, pixel: number): Look {
    const [r = 0, g = 0, b = 0] = this.paint(place, pixel, 1);
    const layers = this.#plan.activations.map((_, layer) => this.#network.layer(layer, "a"));
    return { inputs: this.#network.firstInputs(), layers, rgb: [r, g, b] };
  }

  /**
   * Rows as a PNG file wants them before they are packed: three bytes a pixel, less those of the pixel before, and
   * the number of that filter in front. Of each pixel `fine` × `fine` points are averaged.
   */
  rows(place: Place, top: number, count: number, fine: number): Uint8Array<ArrayBuffer> {
    const { width, height, latent } = place;
    const across = width * fine;
    const large = { width: across, height: height * fine, latent };
    const pixels = this.paint(large, top * fine * across, count * fine * across);
    const rows = new Uint8Array(count * (3 * width + 1));
    const [points, half] = [fine * fine, (fine * fine) >> 1];
    let at = 0;
    for (let row = 0; row < count; row++) {
      rows[at++] = 1;
      const before = [0, 0, 0];
      for (let column = 0; column < width; column++) {
        const corner = 4 * (row * fine * across + column * fine);
        for (let c = 0; c < 3; c++) {
          let sum = half;
          for (let i = 0; i < fine; i++)
            for (let j = 0; j < fine; j++) sum += pixels[corner + 4 * (i * across + j) + c] ?? 0;
          const value = Math.floor(sum / points);
          rows[at++] = value - (before[c] ?? 0);
          before[c] = value;
        }
      }
    }
    return rows;
  }

  /** As nonlin.network.picture.Painter.standardise does it, call by call. */
  #standardise(): void {
    const { drive, jitter, reference } = this.#plan;
    const network = this.#network;
    network.drawBiases(jitter);
    const place = { width: reference, height: reference, latent: [0, 0] as const };
    drive.forEach(([gain, shift], layer) => {
      network.runPixels(0, reference ** 2, this.#seen(place, Number(layer < drive.length - 1)));
      network.standardise(layer, gain, shift);
    });
  }

  #seen(place: Place, spread: number): Place & { spread: number; inputs: number } {
    return { ...place, spread, inputs: this.#plan.inputs };
  }
}

const MOST = 10;
const MOST_UNITS = 2000;

/** The painters of the pictures that were asked for last. */
export class Painters {
  readonly #painters = new Map<string, { units: number; painter: Promise<Painter> }>();

  get(engine: Engine, key: string, plan: Plan): Promise<Painter> {
    const units = plan.widths.reduce((sum, width) => sum + width, 0);
    const found = this.#painters.get(key) ?? { units, painter: Painter.make(engine, plan) };
    this.#painters.delete(key);
    this.#painters.set(key, found);
    let all = 0;
    for (const each of this.#painters.values()) all += each.units;
    for (const [old, { units: fewer }] of this.#painters) {
      if (old === key || (this.#painters.size <= MOST && all <= MOST_UNITS)) break;
      this.#painters.delete(old);
      all -= fewer;
    }
    return found.painter;
  }
}
