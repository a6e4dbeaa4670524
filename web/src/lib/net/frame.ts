/**
 * Training as a picture wants it: some steps, then the losses, one unit's statistics, and RGBA pictures of the
 * plane, all in one answer. It runs in the worker; colours come as tables (lib/palette.ts).
 */
import type { Broken, Network } from "../engine";

export interface Samples {
  /** [count][inputs] */
  x: Float32Array;
  /** [count][outputs] */
  y: Float32Array;
  count: number;
}

/** The places of side × side pixels, [side²][2]; see lib/data.ts. */
export interface Raster {
  points: Float32Array;
  side: number;
}

/** What the pictures show, and in which colours. */
export interface View {
  /** For the large picture, fine and coarse, and for the units' small ones. */
  fine: Raster;
  coarse: Raster;
  small: Raster;
  /** 256 colours for values from `low` to `high`; for several outputs one table each, by the winner's margin. */
  tables: Uint32Array[];
  low: number;
  high: number;
  /** 256 colours from the most negative to the most positive; each unit has its own scale around 0. */
  signed: Uint32Array;
  /** The colour of the line between classes. */
  edge: number;
}

export interface Watched {
  train: Samples;
  test: Samples;
  view: View;
}

export interface Place {
  layer: number;
  unit: number;
}

export interface FrameWish {
  /** The unit whose statistics are wanted, and whose picture, unless it is an output. */
  unit: Place;
  /** Which large picture: a coarse one takes a fraction of the time. Without any, a frame costs next to nothing. */
  picture: "fine" | "coarse" | "none";
}

export interface Score {
  /** NaN without samples. */
  loss: number;
  /** The share whose class is right. */
  accuracy: number;
}

export interface Spread {
  mean: number;
  least: number;
  most: number;
}

export interface UnitReport extends Place {
  z: Spread;
  a: Spread;
  /** The share of the training samples at which its slope is 0. */
  still: number;
}

export interface Pictures {
  /** side² × 4 bytes. */
  large: Uint8ClampedArray<ArrayBuffer>;
  side: number;
  /** Unit after unit, layer by layer, 4 bytes for each pixel. */
  units: Uint8ClampedArray<ArrayBuffer>;
  /** The largest size of the value that the large picture shows, where it shows a hidden unit. */
  reach: number;
}

export interface Frame {
  taken: number;
  broken?: Broken;
  train: Score;
  test: Score;
  parameters: Float32Array;
  unit: UnitReport;
  pictures?: Pictures;
}

/** Runs samples a cache's worth at a time; after each piece `take` may read the network's layers. */
export function inPieces(
  network: Network,
  x: Float32Array,
  count: number,
  slopes: boolean,
  take: (from: number, piece: number) => void,
): void {
  const inputs = network.widths[0] ?? 1;
  for (let from = 0; from < count; from += network.capacity) {
    const piece = Math.min(network.capacity, count - from);
    network.forward(x.subarray(from * inputs, (from + piece) * inputs), piece, slopes);
    take(from, piece);
  }
}

export function frame(network: Network, steps: number, watched: Watched, wish: FrameWish): Frame {
  const taken = steps > 0 ? network.advance(steps) : 0;
  const result: Frame = {
    taken,
    // Before anything else runs through the network and covers the traces.
    ...(taken < steps ? { broken: network.broken() } : {}),
    train: score(network, watched.train),
    test: score(network, watched.test),
    parameters: network.parameters.slice(),
    unit: report(network, watched.train, wish.unit),
  };
  if (wish.picture !== "none") result.pictures = pictures(network, watched.view, watched.view[wish.picture], wish.unit);
  return result;
}

/** The place of the largest of `width` numbers from `start` on; of a single one, whether it is positive. */
function winner(values: Float32Array, start: number, width: number): number {
  if (width === 1) return (values[start] ?? 0) > 0 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < width; k++) if ((values[start + k] ?? 0) > (values[start + best] ?? 0)) best = k;
  return best;
}

function score(network: Network, { x, y, count }: Samples): Score {
  if (count === 0) return { loss: NaN, accuracy: NaN };
  const { loss, outputs } = network.measure(x, y, count);
  const width = outputs.length / count;
  let right = 0;
  for (let n = 0; n < count; n++) if (winner(outputs, n * width, width) === winner(y, n * width, width)) right++;
  return { loss, accuracy: right / count };
}

function report(network: Network, { x, count }: Samples, { layer, unit }: Place): UnitReport {
  const empty = (): Spread => ({ mean: count ? 0 : NaN, least: Infinity, most: -Infinity });
  const [z, a] = [empty(), empty()];
  let still = 0;
  const add = (spread: Spread, values: Float32Array): void => {
    for (const value of values) {
      spread.mean += value / count;
      if (value < spread.least) spread.least = value;
      if (value > spread.most) spread.most = value;
    }
  };
  inPieces(network, x, count, true, () => {
    add(z, network.unit(layer, unit, "z"));
    add(a, network.unit(layer, unit, "a"));
    if (network.bends(layer)) for (const slope of network.unit(layer, unit, "slope")) still += slope === 0 ? 1 / count : 0;
  });
  return { layer, unit, z, a, still };
}

function pictures(network: Network, view: View, { points, side }: Raster, shown: Place): Pictures {
  const last = network.widths.length - 2;
  const large = new Uint32Array(side ** 2);
  let reach = 0;
  if (shown.layer === last) paintOutput(network, view, points, large);
  else {
    const values = new Float32Array(side ** 2);
    inPieces(network, points, values.length, false, (from) => {
      values.set(network.unit(shown.layer, shown.unit, "a"), from);
    });
    reach = paintSigned(values, view.signed, large, 0);
  }
  return { large: bytes(large), side, units: bytes(paintUnits(network, view)), reach };
}

const bytes = (words: Uint32Array<ArrayBuffer>): Uint8ClampedArray<ArrayBuffer> => new Uint8ClampedArray(words.buffer);

function paintOutput(network: Network, view: View, points: Float32Array, picture: Uint32Array): void {
  const width = network.widths.at(-1) ?? 1;
  const classes = new Uint8Array(picture.length);
  const margins = new Float32Array(picture.length);
  const factor = 255 / (view.high - view.low);
  inPieces(network, points, picture.length, false, (from, piece) => {
    const values = network.layer(network.widths.length - 2, "a");
    for (let n = 0; n < piece; n++) {
      const best = winner(values, n * width, width);
      const value = width === 1 ? (values[n] ?? 0) : margin(values, n * width, width, best);
      classes[from + n] = best;
      margins[from + n] = Math.abs(value);
      const entry = Math.min(Math.max((value - view.low) * factor + 0.5, 0), 255) | 0;
      picture[from + n] = view.tables[width === 1 ? 0 : best]?.[entry] ?? 0;
    }
  });
  outline(classes, margins, view.edge, picture);
}

/** By how much the winner's score is above the next. */
function margin(values: Float32Array, start: number, width: number, best: number): number {
  let next = -Infinity;
  for (let k = 0; k < width; k++) if (k !== best) next = Math.max(next, values[start + k] ?? 0);
  return (values[start + best] ?? 0) - next;
}

/**
 * A line where one class meets another, so that the border does not depend on telling colours apart. It is
 * smooth: each pixel's distance from it, in pixels, is where the margins on both sides meet at 0.
 */
function outline(classes: Uint8Array, margins: Float32Array, edge: number, picture: Uint32Array): void {
  const side = Math.sqrt(picture.length);
  for (let row = 1; row < side - 1; row++) {
    for (let column = 1; column < side - 1; column++) {
      const at = row * side + column;
      const own = classes[at];
      const [left, right, above, below] = [at - 1, at + 1, at - side, at + side];
      if (own === classes[left] && own === classes[right] && own === classes[above] && own === classes[below]) continue;
      const steep = Math.max(nearness(left), nearness(right)) ** 2 + Math.max(nearness(above), nearness(below)) ** 2;
      const cover = Math.min(Math.max(1.15 - 1 / Math.sqrt(steep), 0), 1);
      picture[at] = mixed(picture[at] ?? 0, edge, cover);

      function nearness(next: number): number {
        if (classes[next] === own) return 0;
        const here = margins[at] ?? 0;
        return (here + (margins[next] ?? 0)) / Math.max(here, 1e-30);
      }
    }
  }
}

/** Two colours, channel by channel. */
function mixed(under: number, over: number, share: number): number {
  let result = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const [a, b] = [(under >>> shift) & 255, (over >>> shift) & 255];
    result |= Math.round(a + (b - a) * share) << shift;
  }
  return result >>> 0;
}

function paintUnits(network: Network, view: View): Uint32Array<ArrayBuffer> {
  const count = view.small.side ** 2;
  const widths = network.widths.slice(1);
  const layers = widths.map((width) => new Float32Array(width * count));
  inPieces(network, view.small.points, count, false, (from) => {
    layers.forEach((values, layer) => {
      for (let j = 0; j < (widths[layer] ?? 0); j++) values.set(network.unit(layer, j, "a"), j * count + from);
    });
  });
  const picture = new Uint32Array(count * widths.reduce((sum, width) => sum + width, 0));
  let at = 0;
  layers.forEach((values, layer) => {
    // A single output is coloured as in the large picture.
    const [output] = layer === layers.length - 1 && values.length === count ? view.tables : [];
    for (let from = 0; from < values.length; from += count, at += count) {
      const unit = values.subarray(from, from + count);
      if (output) paintScaled(unit, output, view, picture, at);
      else paintSigned(unit, view.signed, picture, at);
    }
  });
  return picture;
}

function paintScaled(values: Float32Array, table: Uint32Array, { low, high }: View, picture: Uint32Array, at: number): void {
  const factor = 255 / (high - low);
  for (let n = 0; n < values.length; n++)
    picture[at + n] = table[Math.min(Math.max(((values[n] ?? 0) - low) * factor + 0.5, 0), 255) | 0] ?? 0;
}

/** On a scale of its own, with 0 in the middle; returns the size of its largest value. */
function paintSigned(values: Float32Array, table: Uint32Array, picture: Uint32Array, at: number): number {
  let reach = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > reach && size < Infinity) reach = size;
  }
  const factor = reach > 0 ? 127.5 / reach : 0;
  for (let n = 0; n < values.length; n++)
    picture[at + n] = table[Math.min(Math.max((values[n] ?? 0) * factor + 128, 0), 255) | 0] ?? 0;
  return reach;
}
