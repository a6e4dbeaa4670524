import { candidates, placeLabels, type Candidate, type Obstacle, type Place } from "../../lib/plot/labels";
import {
  abscissae,
  extent,
  flatSpans,
  jumpsAt,
  lifted,
  sample,
  type Curve,
  type Jump,
  type Span,
} from "../../lib/plot/sampling";
import { linePath, scaleLinear, type Scale } from "../../lib/plot/scale";
import type { Order } from "../../lib/lab/kernels";
import type { Shown } from "./state.svelte";

/** Everything in the figure that does not follow z, in pixels. Built anew when functions, parameters, view or size change. */
export interface Scene {
  width: number;
  height: number;
  x: Scale;
  panels: Panel[];
  xTicks: number[];
}

export interface Panel {
  order: Order;
  top: number;
  height: number;
  y: Scale;
  ticks: number[];
  lines: PanelLine[];
  /** For each line, the places that its name could have, from the panel's corner; sought when first asked for. */
  names: () => Candidate[][];
}

export interface PanelLine {
  shown: Shown;
  path: string;
  text: string;
  jumps: Jump[];
  /** Where the marker stands on the curve, when another curve has the same hue. */
  beads: Place[];
}

export interface Size {
  width: number;
  /** The height of the window. */
  room: number;
  /** Measures a label in the figure's own type. */
  measure: (text: string) => number;
}

const PLAIN_VIEW: Span = [-5, 5];
export const PRIMES = ["", "′", "″"] as const;
export const MARGIN = { left: 42, right: 10, top: 26, gap: 34 } as const;

/** Where it is written what a slope is by convention, to the left of its kink or to the right, and how wide that is at most. */
export function conventionPlace(scene: Pick<Scene, "x" | "width">, panel: Pick<Panel, "y">, jump: Jump): { x: number; y: number; wide: number; left: boolean } {
  const wide = 180;
  const at = scene.x(jump.at);
  const left = at > scene.width - wide - 10;
  return { x: left ? at - 10 - wide : at + 10, y: panel.y(jump.value) - 9, wide, left };
}

export const isNarrow = (width: number): boolean => width < 560;

export function xSpan(shown: readonly Shown[], view: readonly number[]): Span {
  const [from, to] = view;
  if (from !== undefined && to !== undefined) return [from, to];
  const windows = shown.map(({ kernel }) => kernel.fn.view.x);
  if (windows.length === 0) return PLAIN_VIEW;
  return [Math.min(...windows.map(([low]) => low)), Math.max(...windows.map(([, high]) => high))];
}

function ySpan(order: Order, curves: readonly Curve[], x: Span, view: readonly number[]): Span {
  const [, , low, high] = view;
  if (order === 0 && low !== undefined && high !== undefined) return [low, high];
  const reach = order === 0 ? (x[1] - x[0]) * 0.6 : 3;
  const anchored = order > 0 || view.length === 0;
  let [from, to] = extent(curves, anchored ? [-reach, reach] : [-Infinity, Infinity]) ?? [-1, 1];
  if (anchored) from = Math.min(from, 0);
  if (anchored) to = Math.max(to, order === 1 ? 1 : 0);
  const height = to - from || Math.max(Math.abs(to), 1);
  return [from - height * 0.1, to + height * (order === 0 ? 0.1 : 0.14)];
}

/** Value and slope belong together: in a low window both become lower, so that they are seen at once. */
const share = (room: number): number => Math.min(Math.max((room - 430) / 514, 0.72), 1);

export function buildScene(
  shown: readonly Shown[],
  view: readonly number[],
  orders: readonly Order[],
  size: Size,
): Scene {
  const { width } = size;
  const span = xSpan(shown, view);
  const x = scaleLinear(span, [MARGIN.left, width - MARGIN.right]);
  // Every other pixel is enough for what is smooth; kinks and jumps have places of their own.
  const count = Math.min(Math.max(Math.round(width / 2), 200), 800);
  const kinks = shown.map(({ kernel, params }) => kernel.kinks(params).filter(Number.isFinite));
  const xs = kinks.map((each) => abscissae(span, count, each));
  const heights = isNarrow(width) ? [240, 150, 130] : [330, 184, 150].map((height) => height * share(size.room));

  let top: number = MARGIN.top;
  const panels = orders.map((order): Panel => {
    const curves = shown.map(({ kernel, params }, index) =>
      sample(kernel, order, params, span, xs[index] ?? new Float64Array()),
    );
    const height = heights[order] ?? 150;
    const y = scaleLinear(ySpan(order, curves, span, view), [top + height, top]);
    const panel = { order, top, height, y, ticks: y.ticks(order === 0 ? 6 : 3), lines: [] as PanelLine[], names: () => [] as Candidate[][] };
    Object.assign(panel, drawn(shown, curves, kinks, panel, x, size));
    top += height + MARGIN.gap;
    return panel;
  });
  return { width, height: top - MARGIN.gap, x, panels, xTicks: x.ticks(isNarrow(width) ? 6 : 10) };
}

function drawn(
  shown: readonly Shown[],
  curves: readonly Curve[],
  kinks: readonly number[][],
  { order, y, top, height }: Panel,
  x: Scale,
  { width, measure }: Size,
): Pick<Panel, "lines" | "names"> {
  const [low, high] = y.domain();
  const [from, to] = x.domain();
  const far = (high - low) * 3;
  const parts = shown.map((each, index) => {
    const { kernel, params } = each;
    const jumps = jumpsAt(kernel, order, params, kinks[index] ?? []).filter(({ at }) => at >= from && at <= to);
    const raw = curves[index] ?? { xs: new Float64Array(), ys: new Float64Array() };
    const curve = lifted(raw, jumps, high - low, (at) => kernel.at(order, at, params));
    const pixelXs = curve.xs.map((value) => x(value));
    const pixelYs = curve.ys.map((value) => y(Math.min(Math.max(value, low - far), high + far)));
    const path = linePath(
      pixelXs.length,
      (index) => pixelXs[index] ?? NaN,
      (index) => pixelYs[index] ?? NaN,
      2,
    );
    const text = each.title + PRIMES[order];
    const seen = curve.found.filter(({ left, right }) => [left, right].every((value) => value >= low && value <= high));
    return { shown: each, jumps: [...jumps, ...seen], path, text, pixelXs, pixelYs };
  });
  let found: Candidate[][] | undefined;
  const names = (): Candidate[][] =>
    (found ??= candidates(
      parts.map(({ pixelXs, pixelYs, text }) => ({
        xs: pixelXs.map((value) => value - MARGIN.left),
        ys: pixelYs.map((value) => value - top),
        width: measure(text),
      })),
      width - MARGIN.left - MARGIN.right,
      height,
    ));
  const lines = parts.map(({ shown: own, path, jumps, text, pixelXs, pixelYs }, index) => {
    const twin = shown.some((other) => other !== own && other.look.hue === own.look.hue);
    const beads = twin ? beadsOn(pixelXs, pixelYs, index).filter(({ y }) => y >= top && y <= top + height) : [];
    return { shown: own, path, jumps, text, beads };
  });
  return { lines, names };
}

/** Where the curves' names stand, out of the way of what is at z. */
export function namesIn({ names, top }: Panel, obstacles: readonly Obstacle[]): (Place | undefined)[] {
  const there = obstacles.map((each) => ({ ...each, x: each.x - MARGIN.left, y: each.y - top }));
  return placeLabels(names(), there).map((place) => place && { x: place.x + MARGIN.left, y: place.y + top });
}

/** A few points spread along a curve, each curve's at its own places. */
function beadsOn(xs: Float64Array, ys: Float64Array, index: number): Place[] {
  const apart = Math.round(xs.length / 6);
  const first = Math.round(apart * (0.3 + 0.16 * index));
  return [0, 1, 2, 3, 4, 5].flatMap((count) => {
    const x = xs[first + count * apart];
    const y = ys[first + count * apart];
    return x === undefined || y === undefined || Number.isNaN(y) ? [] : [{ x, y }];
  });
}

/** Where one function is nearly flat, within the view. */
export function saturation({ kernel, params }: Shown, view: Span): Span[] {
  const kinks = kernel.kinks(params).filter(Number.isFinite);
  const xs = abscissae(view, 400, kinks);
  return flatSpans(sample(kernel, 1, params, view, xs), sample(kernel, 2, params, view, xs));
}
