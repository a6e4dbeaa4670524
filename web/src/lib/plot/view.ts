import type { Span } from "./sampling";

/** Zooming, panning and stepping over a window of the plane. */
const WIDEST = 1e6;
const NARROWEST = 1e-3;
/** No window reaches further out, so that its ends always differ by more than rounding. */
export const FARTHEST = 1e9;

export function zoomed([from, to]: Span, factor: number, about: number): Span {
  const narrowest = Math.max(NARROWEST, Math.abs(about) * 1e-6);
  const span = Math.min(Math.max((to - from) * factor, narrowest), WIDEST);
  const place = (about - from) / (to - from);
  return [about - span * place, about + span * (1 - place)];
}

export function panned([from, to]: Span, by: number): Span {
  return Math.abs(from + by) > FARTHEST || Math.abs(to + by) > FARTHEST ? [from, to] : [from + by, to + by];
}

/** The largest of 1, 2 and 5 times a power of ten that is not above `size`. */
export function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const lead = size / power;
  return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

/** `value` on the grid of `step`, without the dust of binary fractions. */
export function snapped(value: number, step: number): number {
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const onGrid = Math.round(value / step) * step;
  return decimals > 15 ? onGrid : Number(onGrid.toFixed(decimals));
}

/** A window rounded for a link. */
export function tidy(view: readonly number[], span: number): number[] {
  const step = roundStep(span / 2000);
  return view.map((value) => snapped(value, step));
}
