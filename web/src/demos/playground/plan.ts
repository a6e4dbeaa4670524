import { pixels, type Point } from "../../lib/data";
import type { Raster, Samples, View } from "../../lib/net/frame";
import { colourTable, colourWord, resolved, SIGNED } from "../../lib/palette";
import type { Loss } from "./traits";

/** What the worker is given: samples as arrays, and pictures' pixels and colours. */
export const LARGE = 200;
/** While training runs on a machine that is too slow for more. */
const COARSE = 100;
export const SMALL = 32;
/** Scores beyond this are drawn as sure. */
const SURE = 8;

/** Two classes have one output: 0 or 1 as a probability's logit, −1 or 1 for squared error. Three have one each. */
export function samplesOf(points: readonly Point[], classes: number, loss: Loss): Samples {
  const x = Float32Array.from(points.flatMap((point) => [point.x, point.y]));
  const target = (label: number): number[] => {
    if (classes > 2) return Array.from({ length: classes }, (_, index) => Number(index === label));
    return [loss === "squared_error" && label === 0 ? -1 : label];
  };
  return { x, y: Float32Array.from(points.flatMap(({ label }) => target(label))), count: points.length };
}

export interface Colours {
  signed: string[];
  /** For each class, from undecided to sure. */
  classes: string[][];
  edge: string;
}

export function colours(root: Element): Colours {
  const [minus = "", minusHalf = "", neutral = "", plusHalf = "", plus = ""] = resolved(root, SIGNED);
  const [third = "", thirdHalf = "", edge = ""] = resolved(root, ["--third", "--third-half", "--ink-2"]);
  return {
    signed: [minus, minusHalf, neutral, plusHalf, plus],
    classes: [
      [neutral, minusHalf, minus],
      [neutral, plusHalf, plus],
      [neutral, thirdHalf, third],
    ],
    edge,
  };
}

export function viewOf(
  { signed, classes: tints, edge }: Colours,
  classes: number,
  loss: Loss,
  half: number,
  probability: (score: number) => number,
): View {
  const logits = loss === "cross_entropy";
  const [low, high] = classes === 2 ? [logits ? -SURE : -1.2, logits ? SURE : 1.2] : [0, logits ? SURE : 1];
  /** A score's colour is that of its probability, so that what looks undecided is. */
  const bend = (share: number): number => {
    const p = probability(low + (high - low) * share);
    return classes === 2 ? p : 2 * p - 1;
  };
  const table = (stops: string[]): Uint32Array => (logits ? colourTable(stops, bend) : colourTable(stops));
  const raster = (side: number): Raster => ({ points: pixels(side, half), side });
  return {
    fine: raster(LARGE),
    coarse: raster(COARSE),
    small: raster(SMALL),
    tables: classes === 2 ? [table(signed)] : tints.map(table),
    low,
    high,
    signed: colourTable(signed),
    edge: colourWord(edge),
  };
}
