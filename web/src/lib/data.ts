/**
 * Points in the plane for demos: seeded, so that the same options give the same points in every browser.
 * They lie within about ±SPAN on both axes, where their standard deviation is near 1, as networks like it.
 */
export type DataKind = "xor" | "rings" | "spirals" | "blobs";

export const DATA_KINDS: readonly DataKind[] = ["xor", "rings", "spirals", "blobs"];

/** Half the side of the square in which generated points lie. */
export const SPAN = 2;

export interface Point {
  x: number;
  y: number;
  /** The class, from 0. */
  label: number;
}

export interface DataOptions {
  kind: DataKind;
  count: number;
  /** From 0 (none) to about 0.5. */
  noise: number;
  seed: number;
  /** 2 or 3; XOR has two. */
  classes?: number;
}

/** Uniform numbers in [0, 1): the generator sfc32 of PractRand, begun from a whole number. */
export function random(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, 0, 1];
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Standard normal numbers, by the polar method of Marsaglia. */
export function normal(uniform: () => number): () => number {
  return () => {
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  };
}

type Draw = (label: number, classes: number, uniform: () => number) => [x: number, y: number];

const turned = (radius: number, angle: number): [number, number] => [radius * Math.cos(angle), radius * Math.sin(angle)];

const DRAWS: Record<DataKind, Draw> = {
  // Same signs: class 0; opposite signs: class 1. A strip along the axes stays empty.
  xor: (label, _, uniform) => {
    const part = (): number => 0.12 + 1.68 * uniform();
    const [x, y] = [part(), part()];
    const [right, up] = [uniform() < 0.5, label === 0];
    return [right ? x : -x, right === up ? y : -y];
  },
  // The innermost ring is a disc.
  rings: (label, classes, uniform) => {
    const width = 1.8 / classes;
    const [inner, outer] = [label === 0 ? 0 : label * width + 0.1, (label + 1) * width - 0.1];
    return turned(Math.sqrt(inner ** 2 + (outer ** 2 - inner ** 2) * uniform()), 2 * Math.PI * uniform());
  },
  spirals: (label, classes, uniform) => {
    const along = 0.06 + 0.94 * uniform();
    return turned(1.8 * along, 2 * Math.PI * (1.4 * along + label / classes));
  },
  blobs: (label, classes) => turned(1.05, 2 * Math.PI * (label / classes + 1 / 8)),
};
/** How far a noise of 1 moves a point, and what blobs have even without. */
const SPREAD: Record<DataKind, readonly [noise: number, base: number]> = {
  xor: [1, 0],
  rings: [1, 0],
  spirals: [0.6, 0],
  blobs: [1.4, 0.12],
};

/**
 * The points, classes in turn. They are rounded to three decimals: browsers whose sines differ in the last
 * bit agree, and a file of them is short.
 */
export function generate({ kind, count, noise, seed, classes = 2 }: DataOptions): Point[] {
  const uniform = random(seed);
  const gauss = normal(uniform);
  const different = kind === "xor" ? 2 : classes;
  const [scale, base] = SPREAD[kind];
  const rounded = (value: number): number => Math.round(Math.min(Math.max(value, -SPAN), SPAN) * 1000) / 1000;
  return Array.from({ length: count }, (_, index) => {
    const label = index % different;
    const [x, y] = DRAWS[kind](label, different, uniform);
    const off = noise * scale + base;
    return { x: rounded(x + off * gauss()), y: rounded(y + off * gauss()), label };
  });
}

/**
 * Which points are kept for testing: of each class evenly the given share, so that a point that is added
 * later changes nothing about the others.
 */
export function forTesting(points: readonly Point[], share: number): boolean[] {
  const seen: number[] = [];
  return points.map(({ label }) => {
    const before = seen[label] ?? 0;
    seen[label] = before + 1;
    return Math.floor((before + 1) * share + 1e-9) > Math.floor(before * share + 1e-9);
  });
}

/** The centres of side × side pixels over the square of half side `half`, row by row from the top left: [side²][2]. */
export function pixels(side: number, half: number): Float32Array {
  const xy = new Float32Array(2 * side * side);
  const centre = (index: number): number => half * ((2 * index + 1) / side - 1);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = 2 * (row * side + column);
      xy[at] = centre(column);
      xy[at + 1] = -centre(row);
    }
  }
  return xy;
}
