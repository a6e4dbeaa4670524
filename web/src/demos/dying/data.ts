/** Two classes of points in the plane, spread evenly and moved a little by normal numbers, two for each point. */
export const POINTS = 200;

export interface Data {
  /** [POINTS][2] */
  x: Float32Array;
  /** 0 or 1 each. */
  y: Float32Array;
}

/** After each turn by the golden angle the points lie as evenly as they can. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

function ring(index: number, inner: boolean): [number, number] {
  const radius = inner ? 0.4 : 0.95;
  const angle = index * GOLDEN;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function moon(index: number, lower: boolean): [number, number] {
  const angle = ((index + 0.5) / POINTS) * Math.PI;
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  return lower ? [0.5 - x, 0.25 - y] : [x - 0.5, y - 0.25];
}

export function points(kind: "rings" | "moons", draws: Float32Array): Data {
  const x = new Float32Array(2 * POINTS);
  const y = new Float32Array(POINTS);
  for (let index = 0; index < POINTS; index++) {
    const second = index % 2 === 1;
    const [px, py] = kind === "rings" ? ring(index, second) : moon(index, second);
    x[2 * index] = px + 0.07 * (draws[2 * index] ?? 0);
    x[2 * index + 1] = py + 0.07 * (draws[2 * index + 1] ?? 0);
    y[index] = Number(second);
  }
  return { x, y };
}
