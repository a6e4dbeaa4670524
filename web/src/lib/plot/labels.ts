/**
 * Finds each curve's name a place on the paper: near its right end if it can be, above or below the line,
 * clear of every other line, of every other name and of the panel's edges.
 */
export interface Line {
  /** Pixel points, in order of x; a NaN y is a gap. */
  xs: ArrayLike<number>;
  ys: ArrayLike<number>;
  width: number;
}

export interface Place {
  x: number;
  y: number;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const HEIGHT = 16;
const GAP = 5;

function crossing(line: Line, box: Box): number {
  let inside = 0;
  for (let index = 0; index < line.xs.length; index += 2) {
    const x = line.xs[index] ?? NaN;
    const y = line.ys[index] ?? NaN;
    if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) inside++;
  }
  return inside;
}

/** How near, in pixels, any other line comes to this one at `x`: a name belongs where its line is alone. */
function solitude(lines: readonly Line[], own: number, x: number): number {
  const here = heightAt(lines[own], x);
  let nearest = Infinity;
  lines.forEach((line, index) => {
    if (index !== own) nearest = Math.min(nearest, Math.abs(heightAt(line, x) - here) || 0);
  });
  return nearest;
}

function heightAt(line: Line | undefined, x: number): number {
  if (!line) return Infinity;
  let low = 0;
  let high = line.xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line.xs[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  const y = line.ys[low] ?? NaN;
  return Number.isNaN(y) ? Infinity : y;
}

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

/** The curve's highest and lowest pixel across a label's width: the label goes clear of all of it. */
function reach(line: Line, left: number, right: number): { top: number; bottom: number } | undefined {
  let top = Infinity;
  let bottom = -Infinity;
  for (let index = 0; index < line.xs.length; index++) {
    const x = line.xs[index] ?? NaN;
    if (x < left || x > right) continue;
    const y = line.ys[index] ?? NaN;
    if (Number.isNaN(y)) return undefined;
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return top <= bottom ? { top, bottom } : undefined;
}

export function placeLabels(lines: readonly Line[], width: number, height: number, keepClear: readonly Box[]): (Place | undefined)[] {
  const taken: Box[] = [...keepClear];
  return lines.map((line, own) => {
    let best: { box: Box; cost: number } | undefined;
    for (let step = 0; step <= 32; step++) {
      const right = width - 6 - ((width - 12 - line.width) * step) / 32;
      const left = right - line.width;
      const span = reach(line, left, right);
      if (!span) continue;
      for (const above of [true, false]) {
        const top = above ? span.top - GAP - HEIGHT : span.bottom + GAP;
        const box = { left: left - 2, right: right + 2, top, bottom: top + HEIGHT };
        if (box.top < 2 || box.bottom > height - 2) continue;
        const alone = Math.min(solitude(lines, own, left + line.width / 2), solitude(lines, own, right));
        let cost = Math.max(0, 22 - alone) * 1.6 + step * 1.2 + (above ? 0 : 2) + (span.bottom - span.top) * 0.35;
        for (const other of taken) cost += overlap(box, other);
        lines.forEach((each, index) => {
          if (index !== own) cost += crossing(each, box) * 8;
        });
        if (!best || cost < best.cost) best = { box, cost };
      }
    }
    if (!best || best.cost > 400) return undefined;
    taken.push(best.box);
    return { x: best.box.left + 2, y: best.box.top + HEIGHT - 4 };
  });
}
