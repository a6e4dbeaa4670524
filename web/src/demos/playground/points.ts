import type { Point } from "../../lib/data";
import { messages } from "../../messages";
import { MOST_POINTS } from "./traits";

/** One's own points: as a short text in a link, and as CSV. */
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

const fits = ({ x, y }: Point): boolean => Math.abs(x) <= FARTHEST && Math.abs(y) <= FARTHEST;

export const toCsv = (points: readonly Point[]): string =>
  ["x,y,class", ...points.map(({ x, y, label }) => `${x},${y},${label}`)].join("\n") + "\n";

export type Parsed = { points: Point[]; classes: string[] } | { errors: string[] };

/**
 * Lines of x, y and class, separated by commas, semicolons or tabs; a first line of words is a heading. Classes
 * may have any names; they are numbered in the order of their names, numbers first.
 */
export function fromCsv(text: string): Parsed {
  const t = messages.playground.csv;
  const errors: string[] = [];
  const rows: { x: number; y: number; name: string }[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const at = index + 1;
    const separator = line.includes(";") ? ";" : line.includes("\t") ? "\t" : ",";
    const cells = line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const number = (cell = ""): number => (cell === "" ? NaN : Number(separator === "," ? cell : cell.replace(",", ".")));
    const [x, y, name = ""] = [number(cells[0]), number(cells[1]), cells[2]];
    if (rows.length === 0 && errors.length === 0 && Number.isNaN(x) && Number.isNaN(y) && cells.length === 3) return;
    if (cells.length !== 3) errors.push(t.cells(at, cells.length));
    else if (!Number.isFinite(x)) errors.push(t.number(at, "x", cells[0] ?? ""));
    else if (!Number.isFinite(y)) errors.push(t.number(at, "y", cells[1] ?? ""));
    else if (!fits({ x, y, label: 0 })) errors.push(t.far(at));
    else if (name === "") errors.push(t.noClass(at));
    else rows.push({ x, y, name });
  });
  const classes = [...new Set(rows.map(({ name }) => name))].sort((a, b) => Number(a) - Number(b) || a.localeCompare(b));
  if (classes.length > LETTERS.length) errors.push(t.classes(classes.length, classes.slice(0, 5)));
  if (rows.length > MOST_POINTS) errors.push(t.tooMany(rows.length, MOST_POINTS));
  if (rows.length === 0 && errors.length === 0) errors.push(t.empty);
  if (errors.length > 0) return { errors };
  return { points: rows.map(({ x, y, name }) => ({ x, y, label: classes.indexOf(name) })), classes };
}

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
