import { powered, spoken } from "../../lib/format";
import { messages } from "../../messages";
import { byUnit, isUpright, lineAt, middleOff, spanOf, worstLine, type Points } from "./plane";
import { GRID, type LinearityState } from "./state.svelte";

/** What one layer in place of the whole stack is, and how well it stands in. */
export interface Collapse {
  /** W′, row by row. */
  w: number[];
  b: number[];
  /** The largest difference between stack and layer over the grid. */
  apart: number;
  /** The larger one of the width and the height of the stack's output, and the largest number in it. */
  span: number;
  size: number;
  /** The grid as the one layer has it. */
  image: Points;
  /** Where it fails: the line that does not stay straight, the first layer that bends one, how far its middle is off. */
  bend: { line: number; layer: number; off: number } | undefined;
  /** The matrices as they are read out, and what there is to say. */
  spoken: { w: string; b: string };
  verdict: string;
}

/** Of what the grid spans: more than float32's rounding through ten layers, far less than any bend that the eye sees. */
const TOLERANCE = 1e-4;
/** Of the largest number: a grid that spans no more than this is a point, and what it spans is rounding. */
const POINT = 1e-4;

const CORNERS = Float32Array.from([0, 0, 1, 0, 0, 1]);

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** One layer that agrees with the stack at three corners: if any layer is the same as the stack, it is this one. */
export async function multiplyOut(lab: LinearityState): Promise<Collapse> {
  const { networks } = lab.connection;
  const [x0 = NaN, y0 = NaN, x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = await networks.outputs("stack", CORNERS, 3);
  const w = [x1 - x0, x2 - x0, y1 - y0, y2 - y0];
  const b = [x0, y0];
  await networks.create("one", { widths: [2, 2], activations: [null], capacity: GRID.length / 2 });
  await networks.setParameters("one", Float32Array.from([...w, ...b]));
  const image = byUnit(await networks.outputs("one", GRID, GRID.length / 2));
  const output = lab.images.at(-1) ?? image;
  const apart = largest(output.map((value, i) => value - (image[i] ?? NaN)));
  const size = largest(output);
  const span = spanOf(output);
  const bend = apart <= TOLERANCE * span || span <= POINT * size ? undefined : bendOf(lab);
  const [w11 = "", w12 = "", w21 = "", w22 = "", b1 = "", b2 = ""] = [...w, ...b].map((value) => spoken(value, 3));
  const text = messages.later.collapse;
  const read = { w: text.spokenW({ w11, w12, w21, w22 }), b: text.spokenB({ b1, b2 }) };
  return { w, b, apart, span, size, image, bend, spoken: read, verdict: verdict(lab, { apart, span, size, bend }) };
}

function bendOf({ images, windows }: LinearityState): Collapse["bend"] {
  const output = images.at(-1);
  if (!output) return undefined;
  const { line, off } = worstLine(output);
  const first = images.findIndex((points, k) => middleOff(points, line) > TOLERANCE * (windows[k]?.half ?? Infinity));
  return { line, off, layer: first };
}

function verdict(lab: LinearityState, { apart, span, size, bend }: Pick<Collapse, "apart" | "span" | "size" | "bend">): string {
  const text = messages.later.collapse;
  /** Rounding, always as a power of ten. */
  const tiny = (value: number): string => (value === 0 ? "0" : powered(value, 2));
  const activation = lab.title(lab.now.activation);
  if (!Number.isFinite(apart)) return text.noNumbers;
  if (lab.bent && span <= POINT * size) return text.point({ activation, span: tiny(span), size: tiny(size) });
  if (!bend) return text.same({ layers: lab.now.layers, apart: tiny(apart), share: tiny(apart / span) });
  const { line, layer, off } = bend;
  const marked = { axis: isUpright(line) ? "x" : "y", at: spoken(lineAt(line)) };
  return text.cannot({ layer, activation, ...marked, off: spoken(off), apart: spoken(apart) });
}
