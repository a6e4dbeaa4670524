import { WANTED } from "./traits";

/**
 * Geometry of a way down a bowl. With a squared error and one linear neuron the loss grows with the square of the
 * distance from the weights wanted, differently fast in each direction: so the losses on one circle around them, which
 * the engine computes, tell every contour.
 */
export const DIRECTIONS = 360;

const angle = (i: number): number => (2 * Math.PI * i) / DIRECTIONS;

/** The circle of radius 1 around a point. */
export function ring(x: number, y: number): [number, number][] {
  return Array.from({ length: DIRECTIONS }, (_, i) => [x + Math.cos(angle(i)), y + Math.sin(angle(i))]);
}

/** The contour of a loss, point by point; undefined where the loss does not grow in some direction. */
export function contour(bowl: Float64Array, loss: number): [number, number][] | undefined {
  const points = ring(0, 0).map(([x, y], i): [number, number] => {
    const distance = Math.sqrt(loss / (bowl[i] ?? NaN));
    return [WANTED[0] + x * distance, WANTED[1] + y * distance];
  });
  return points.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) ? points : undefined;
}

export interface Measures {
  steps: number;
  arrived: boolean;
  /** It got further away than it ever was, without end. */
  diverged: boolean;
  /** The path's length in straight lines from its start to the weights wanted. */
  detour: number;
  /** The share of steps in which both weights moved the same way (or one not at all). */
  oneSign: number;
  /** How many times as long as wide the contours are. */
  stretch: number;
  /** The largest learning rate with which all samples at once lead down. */
  limit: number;
}

export function measured(path: Float32Array, bowl: Float64Array, distance: number): Measures {
  const steps = path.length / 2 - 1;
  const at = (i: number): [number, number] => [path[2 * i] ?? NaN, path[2 * i + 1] ?? NaN];
  const left = (i: number): number => Math.hypot(at(i)[0] - WANTED[0], at(i)[1] - WANTED[1]);
  let length = 0;
  let same = 0;
  for (let i = 0; i < steps; i++) {
    const [dx, dy] = [at(i + 1)[0] - at(i)[0], at(i + 1)[1] - at(i)[1]];
    length += Math.hypot(dx, dy);
    if (dx * dy >= 0) same++;
  }
  const [low, high] = [Math.min(...bowl), Math.max(...bowl)];
  const arrived = left(steps) < distance || left(steps) === 0;
  return {
    steps,
    arrived,
    diverged: !arrived && !(left(steps) <= left(0)),
    detour: length / left(0),
    oneSign: same / steps,
    stretch: Math.sqrt(high / low),
    limit: 1 / high,
  };
}
