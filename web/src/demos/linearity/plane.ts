/** Points of the plane and the windows that they are seen through: geometry only; what moves them is the engine. */
export const LINES = 9;
export const POINTS = 33;
/** In the middle of a line. */
const MIDDLE = (POINTS - 1) / 2;

/** Pictures hold points unit by unit, as the engine gives them: all x, then all y. */
export type Points = Float32Array;

/** Evenly from −1 to 1. */
const even = (index: number, count: number): number => (2 * index) / (count - 1) - 1;

/** Where the i-th line of the grid stands: the first LINES are upright, x = …; the others level, y = …. */
export const lineAt = (line: number): number => even(line % LINES, LINES);
export const isUpright = (line: number): boolean => line < LINES;

/** The grid's points for the engine, [count][2], line by line. */
export function gridPoints(): Float32Array {
  const points: number[] = [];
  for (let line = 0; line < 2 * LINES; line++)
    for (let i = 0; i < POINTS; i++) {
      const [at, along] = [lineAt(line), even(i, POINTS)];
      points.push(...(isUpright(line) ? [at, along] : [along, at]));
    }
  return Float32Array.from(points);
}

/** The points of one line between two ends, [count][2]. */
export function linePoints([x0 = 0, y0 = 0, x1 = 0, y1 = 0]: readonly number[]): Float32Array {
  return Float32Array.from({ length: 2 * POINTS }, (_, i) => {
    const t = Math.floor(i / 2) / (POINTS - 1);
    return i % 2 === 0 ? x0 + (x1 - x0) * t : y0 + (y1 - y0) * t;
  });
}

/** [count][2] to [2][count]. */
export function byUnit(points: Float32Array): Points {
  const count = points.length / 2;
  return Float32Array.from(points, (_, i) => points[i < count ? 2 * i : 2 * (i - count) + 1] ?? NaN);
}

export const xOf = (points: Points, i: number): number => points[i] ?? NaN;
export const yOf = (points: Points, i: number): number => points[points.length / 2 + i] ?? NaN;

/** A square window: its middle and half its side. */
export interface Window {
  x: number;
  y: number;
  half: number;
}

/** The least and the largest x and y. */
function bounds(points: Points): { left: number; right: number; low: number; high: number } {
  const count = points.length / 2;
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    [left, right] = [Math.min(left, xOf(points, i)), Math.max(right, xOf(points, i))];
    [low, high] = [Math.min(low, yOf(points, i)), Math.max(high, yOf(points, i))];
  }
  return { left, right, low, high };
}

/** The larger one of a picture's width and height. */
export function spanOf(points: Points): number {
  const { left, right, low, high } = bounds(points);
  return Math.max(right - left, high - low);
}

/** The window that all points fit into, with a margin; undefined where there is none. */
export function fit(points: Points): Window | undefined {
  const { left, right, low, high } = bounds(points);
  const half = 0.56 * Math.max(right - left, high - low);
  if (!Number.isFinite(half)) return undefined;
  const x = (left + right) / 2;
  const y = (low + high) / 2;
  return { x, y, half: Math.max(half, 1e-6 * Math.max(Math.abs(x), Math.abs(y)), 1e-30) };
}

/** How far the middle of one line of the grid lies from the middle between its ends: 0 for every affine map. */
export function middleOff(points: Points, line: number): number {
  const [from, to] = [line * POINTS, (line + 1) * POINTS - 1];
  const dx = xOf(points, from + MIDDLE) - (xOf(points, from) + xOf(points, to)) / 2;
  const dy = yOf(points, from + MIDDLE) - (yOf(points, from) + yOf(points, to)) / 2;
  return Math.hypot(dx, dy);
}

/** Of one line's points: its ends, and how far its middle lies from the middle between them. */
export function reach(points: Points): { from: [number, number]; to: [number, number]; off: number } {
  const last = points.length / 2 - 1;
  const at = (i: number): [number, number] => [xOf(points, i), yOf(points, i)];
  const [from, to] = [at(0), at(last)];
  const middle = last / 2;
  const off = Math.hypot(xOf(points, middle) - (from[0] + to[0]) / 2, yOf(points, middle) - (from[1] + to[1]) / 2);
  return { from, to, off };
}

/** The three places that the straight-line test is about. */
export function chordOf(line: number): { from: number; middle: number; to: number } {
  return { from: line * POINTS, middle: line * POINTS + MIDDLE, to: (line + 1) * POINTS - 1 };
}

/** The line whose middle is furthest off. */
export function worstLine(points: Points): { line: number; off: number } {
  let worst = { line: 0, off: 0 };
  for (let line = 0; line < 2 * LINES; line++) {
    const off = middleOff(points, line);
    if (off > worst.off) worst = { line, off };
  }
  return worst;
}
