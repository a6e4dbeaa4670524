import type { Order } from "../lab/kernels";
import type { Kernel } from "../lab/lab";

/** A curve as points; a NaN in `ys` is a place where the line is lifted from the paper. */
export interface Curve {
  xs: Float64Array;
  ys: Float64Array;
}

/** A place where a curve jumps: what it tends to on either side, and what it is there by convention. */
export interface Jump {
  at: number;
  left: number;
  right: number;
  value: number;
}

export type Span = readonly [number, number];

/** Closer than this to a point counts as beside it, at the scale of the picture. */
const beside = (at: number, span: number): number => Math.max(Math.abs(at) * 1e-6, span * 1e-6, 1e-300);

/** Evenly spaced abscissae, and a pair hugging each kink, so that no corner is cut. */
export function abscissae([from, to]: Span, count: number, kinks: readonly number[]): Float64Array {
  const span = to - from;
  const xs = Array.from({ length: count + 1 }, (_, index) => from + (span * index) / count);
  for (const kink of kinks) {
    if (kink <= from || kink >= to) continue;
    xs.push(kink - beside(kink, span), kink, kink + beside(kink, span));
  }
  return Float64Array.from(new Set(xs)).sort();
}

/** Single precision draws well, until the view is so deep that its steps would show. */
function precisionFor([from, to]: Span): "f32" | "f64" {
  return (to - from) / Math.max(Math.abs(from), Math.abs(to)) < 1e-2 ? "f64" : "f32";
}

export function sample(
  kernel: Kernel,
  order: Order,
  params: readonly number[],
  span: Span,
  xs: Float64Array,
): Curve {
  return { xs, ys: kernel.evaluate(order, precisionFor(span), xs, params) };
}

/** The jumps of one order of the function at its kinks. */
export function jumpsAt(kernel: Kernel, order: Order, params: readonly number[], kinks: readonly number[]): Jump[] {
  return kinks.flatMap((at) => {
    const step = Math.max(Math.abs(at), 1) * 1e-9;
    const [left, value, right] = [at - step, at, at + step].map((x) => kernel.at(order, x, params)) as [
      number,
      number,
      number,
    ];
    const size = Math.max(Math.abs(left), Math.abs(right), 1e-3);
    return Math.abs(right - left) > 1e-6 * size ? [{ at, left, right, value }] : [];
  });
}

/**
 * The curve with its line lifted at every jump: at those known, and at those that halving an interval
 * between two samples again and again does not make smaller.
 */
export function lifted(
  curve: Curve,
  jumps: readonly Jump[],
  height: number,
  at: (x: number) => number,
): Curve & { found: Jump[] } {
  const found: Jump[] = [];
  const xs: number[] = [];
  const ys: number[] = [];
  let budget = 40;
  curve.xs.forEach((x, index) => {
    const y = curve.ys[index] ?? NaN;
    const before = xs.at(-1);
    const last = ys.at(-1);
    if (before !== undefined && last !== undefined && Math.abs(y - last) > height * 0.12) {
      const known = jumps.some((jump) => jump.at > before && jump.at < x);
      const jump = known || budget-- <= 0 ? undefined : closeIn(before, x, last, y, at);
      if (jump && Number.isFinite(jump.left) && Number.isFinite(jump.right)) found.push(jump);
      if (known || jump) {
        xs.push(x);
        ys.push(NaN);
      }
    }
    const onJump = jumps.some((jump) => jump.at === x);
    xs.push(x);
    ys.push(Number.isFinite(y) && !onJump ? y : NaN);
  });
  return { xs: Float64Array.from(xs), ys: Float64Array.from(ys), found };
}

/** The jump between two samples; undefined when halving the interval makes the difference smaller. */
function closeIn(from: number, to: number, low: number, high: number, at: (x: number) => number): Jump | undefined {
  const size = Math.abs(high - low);
  let [a, b, ya, yb] = [from, to, low, high];
  for (let halving = 0; halving < 14; halving++) {
    const middle = (a + b) / 2;
    const y = at(middle);
    if (!Number.isFinite(y)) return { at: middle, left: NaN, right: NaN, value: NaN };
    if (Math.abs(y - ya) > Math.abs(yb - y)) [b, yb] = [middle, y];
    else [a, ya] = [middle, y];
    if (Math.abs(yb - ya) < size * 0.4) return undefined;
  }
  return { at: (a + b) / 2, left: ya, right: yb, value: NaN };
}

/** Least and greatest finite value within `limits`; undefined when there is none. */
export function extent(curves: readonly Curve[], limits: Span): Span | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const { ys } of curves) {
    for (const y of ys) {
      if (!Number.isFinite(y)) continue;
      const clipped = Math.min(Math.max(y, limits[0]), limits[1]);
      low = Math.min(low, clipped);
      high = Math.max(high, clipped);
    }
  }
  return low <= high ? [low, high] : undefined;
}

/** Where the slope is next to nothing and stays so: not a mere turning point, where it changes fast. */
export const FLAT = 0.05;
const FLAT_CHANGE = 0.1;

export function flatSpans(first: Curve, second: Curve): Span[] {
  const spans: [number, number][] = [];
  let open: [number, number] | undefined;
  first.xs.forEach((x, index) => {
    const slope = first.ys[index] ?? NaN;
    const change = second.ys[index] ?? NaN;
    const flat = Math.abs(slope) < FLAT && !(Math.abs(change) > FLAT_CHANGE);
    if (flat && open) open[1] = x;
    else if (flat) spans.push((open = [x, x]));
    else open = undefined;
  });
  return spans.filter(([from, to]) => to > from);
}
