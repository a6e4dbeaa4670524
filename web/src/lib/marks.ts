import type { Point } from "./data";

/**
 * Classes of data besides their colours (--class-0 to --class-2): circle, cross, triangle. Many outlines make one
 * path, so that a thousand points are six elements.
 */
type Outline = (x: number, y: number, r: number) => string;

const corners =
  (offsets: readonly (readonly [number, number])[]): Outline =>
  (x, y, r) =>
    `M${offsets.map(([dx, dy]) => `${(x + dx * r).toFixed(1)},${(y + dy * r).toFixed(1)}`).join("L")}z`;

/** Arms along the diagonals, 0.5 wide. */
const CROSS: readonly (readonly [number, number])[] = [
  [0, -0.5], [0.75, -1.25], [1.25, -0.75], [0.5, 0], [1.25, 0.75], [0.75, 1.25],
  [0, 0.5], [-0.75, 1.25], [-1.25, 0.75], [-0.5, 0], [-1.25, -0.75], [-0.75, -1.25],
];

const OUTLINES: readonly Outline[] = [
  (x, y, r) => `M${(x - r).toFixed(1)},${y.toFixed(1)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0z`,
  corners(CROSS),
  corners([[0, -1.25], [1.2, 0.95], [-1.2, 0.95]]),
];

/** The outline of one class's marker, of about this radius. */
export const mark = (label: number, x: number, y: number, r: number): string => OUTLINES[label]?.(x, y, r) ?? "";

export interface Group {
  label: number;
  test: boolean;
  path: string;
}

/** All points as a few paths, those for testing first: they lie below. */
export function groups(
  points: readonly Point[],
  testing: readonly boolean[],
  place: (point: Point) => readonly [number, number],
  radius: number,
): Group[] {
  const paths = new Map<string, string>();
  points.forEach((point, index) => {
    const [x, y] = place(point);
    const key = `${testing[index] ? 1 : 0}${point.label}`;
    paths.set(key, (paths.get(key) ?? "") + mark(point.label, x, y, radius));
  });
  return [...paths]
    .map(([key, path]) => ({ label: Number(key[1]), test: key.startsWith("1"), path }))
    .sort((a, b) => Number(b.test) - Number(a.test));
}
