import { ticks } from "d3-array";

/** From numbers to pixels, in a line. */
export interface Scale {
  (value: number): number;
  invert(pixel: number): number;
  domain(): [number, number];
  /** About `count` round numbers within the domain. */
  ticks(count: number): number[];
}

type Ends = readonly [number, number];

function between([from, to]: Ends, [start, end]: Ends): (value: number) => number {
  const span = to - from;
  return (value) => {
    const share = span === 0 ? 0.5 : (value - from) / span;
    return start * (1 - share) + end * share;
  };
}

export function scaleLinear(domain: Ends, range: Ends): Scale {
  return Object.assign(between(domain, range), {
    invert: between(range, domain),
    domain: (): [number, number] => [...domain],
    ticks: (count: number): number[] => ticks(...domain, count),
  });
}

/** The path of a line through points, with a gap wherever one of their coordinates is no finite number. */
export function linePath(
  count: number,
  x: (index: number) => number,
  y: (index: number) => number,
  decimals = 3,
): string {
  const grain = 10 ** decimals;
  const short = (value: number): number => Math.round(value * grain) / grain;
  let path = "";
  let pen = "M";
  for (let i = 0; i < count; i++) {
    const left = x(i);
    const top = y(i);
    if (Number.isFinite(left) && Number.isFinite(top)) {
      path += `${pen}${short(left)},${short(top)}`;
      pen = "L";
    } else {
      pen = "M";
    }
  }
  return path;
}
