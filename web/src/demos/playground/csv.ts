import type { Point } from "../../lib/data";
import { messages } from "../../messages";
import { fits, LETTERS } from "./points";
import { MOST_POINTS } from "./traits";

/** Of what is no number, so many characters are told; and so many names, where there are too many classes. */
const [MOST_CHARACTERS, MOST_NAMES] = [30, 5];

/** One's own points as CSV. */
export const toCsv = (points: readonly Point[]): string =>
  ["x,y,class", ...points.map(({ x, y, label }) => `${x},${y},${label}`)].join("\n") + "\n";

export type Parsed = { points: Point[]; classes: string[] } | { errors: string[] };

/**
 * Lines of x, y and class, separated by commas, semicolons or tabs; a first line of words is a heading. Classes
 * may have any names; they are numbered in the order of their names, numbers first.
 */
export function fromCsv(text: string): Parsed {
  const t = messages.later.points.csv;
  const errors: string[] = [];
  const noNumber = (line: number, which: string, cell = ""): string =>
    t.number({ line, which, empty: cell === "", text: cell.slice(0, MOST_CHARACTERS) });
  const rows: { x: number; y: number; name: string }[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const at = index + 1;
    const separator = line.includes(";") ? ";" : line.includes("\t") ? "\t" : ",";
    const cells = line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const number = (cell = ""): number => (cell === "" ? NaN : Number(separator === "," ? cell : cell.replace(",", ".")));
    const [x, y, name = ""] = [number(cells[0]), number(cells[1]), cells[2]];
    if (rows.length === 0 && errors.length === 0 && Number.isNaN(x) && Number.isNaN(y) && cells.length === 3) return;
    if (cells.length !== 3) errors.push(t.cells({ line: at, count: cells.length }));
    else if (!Number.isFinite(x)) errors.push(noNumber(at, "x", cells[0]));
    else if (!Number.isFinite(y)) errors.push(noNumber(at, "y", cells[1]));
    else if (!fits({ x, y, label: 0 })) errors.push(t.far({ line: at }));
    else if (name === "") errors.push(t.noClass({ line: at }));
    else rows.push({ x, y, name });
  });
  const classes = [...new Set(rows.map(({ name }) => name))].sort((a, b) => Number(a) - Number(b) || a.localeCompare(b));
  if (classes.length > LETTERS.length) {
    const names = classes.length > MOST_NAMES ? [...classes.slice(0, MOST_NAMES), "…"] : classes;
    errors.push(t.classes({ count: classes.length, names }));
  }
  if (rows.length > MOST_POINTS) errors.push(t.tooMany({ count: rows.length, most: MOST_POINTS }));
  if (rows.length === 0 && errors.length === 0) errors.push(t.empty);
  if (errors.length > 0) return { errors };
  return { points: rows.map(({ x, y, name }) => ({ x, y, label: classes.indexOf(name) })), classes };
}
