import type { Point } from "../../lib/data";
import { MOST_POINTS } from "./traits";

/** One's own points as a short text in a link. */
export const LETTERS = ["a", "b", "c"] as const;
/** A longer link breaks in too many places where links are pasted. */
export const LONGEST_LINK = 6000;
const FARTHEST = 1e6;

const brief = (value: number): string => String(Number(value.toPrecision(6))).replace(/^(-?)0\./, "$1.").replace("+", "");

/** Like a-1.2_.45b.3_-.07: for each point the letter of its class, x and y. */
export const encodePoints = (points: readonly Point[]): string =>
  points.map(({ x, y, label }) => `${LETTERS[label] ?? "a"}${brief(x)}_${brief(y)}`).join("");

/** Undefined where the text is none of that kind. */
export function decodePoints(text: string): Point[] | undefined {
  const one = /([abc])(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)_(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)/y;
  const points: Point[] = [];
  while (one.lastIndex < text.length) {
    const [, letter, x, y] = one.exec(text) ?? [];
    const point = { x: Number(x), y: Number(y), label: LETTERS.findIndex((each) => each === letter) };
    if (letter === undefined || !fits(point) || points.length >= MOST_POINTS) return undefined;
    points.push(point);
  }
  return points;
}

export const fits = ({ x, y }: Point): boolean => Math.abs(x) <= FARTHEST && Math.abs(y) <= FARTHEST;

/** Moved and stretched, both axes alike, so that they fill the usual plane. */
export function fitted(points: readonly Point[], span: number): Point[] {
  const ends = (pick: (point: Point) => number): [number, number] => {
    const values = points.map(pick);
    return [Math.min(...values), Math.max(...values)];
  };
  const [left, right] = ends(({ x }) => x);
  const [low, high] = ends(({ y }) => y);
  const factor = (2 * span) / Math.max(right - left, high - low, 1e-12);
  const place = (value: number, from: number, to: number): number =>
    Number(((value - (from + to) / 2) * factor).toFixed(3));
  return points.map(({ x, y, label }) => ({ x: place(x, left, right), y: place(y, low, high), label }));
}
