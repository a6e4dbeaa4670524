/**
 * Finds each curve's name a place on the paper: near its right end if it can be, above or below the line,
 * clear of every other line, of every other name, of the panel's edges and of what stands at z.
 *
 * What a place costs among the lines takes long to find and does not follow z; choosing one does.
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

export interface Box {
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

/** A place that a name could have, and what is to be said against it. */
export interface Candidate {
  box: Box;
  cost: number;
}

/** A disc on a curve, and a straight line through it, that a name should not touch. */
export interface Obstacle extends Place {
  radius: number;
  /** From the disc to one end of the line; the other end is as far on the other side. */
  arm?: Place;
}

/** More than this, and a curve has no name. */
const TOO_MUCH = 400;
/** What touching an obstacle costs: as much as another place far away. */
const TOUCHING = 80;

/** For each line the places that its name could have. */
export function candidates(lines: readonly Line[], width: number, height: number): Candidate[][] {
  return lines.map((line, own) => {
    const found: Candidate[] = [];
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
        lines.forEach((each, index) => {
          if (index !== own) cost += crossing(each, box) * 8;
        });
        if (cost <= TOO_MUCH) found.push({ box, cost });
      }
    }
    return found;
  });
}

function touches({ x, y, radius, arm }: Obstacle, box: Box): boolean {
  const [right, below] = [Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom)];
  if (Math.hypot(right, below) < radius) return true;
  if (!arm) return false;
  // The part of the line that is between the box's sides, and then between its top and bottom.
  let [from, to] = [-1, 1];
  for (const [along, least, most] of [[arm.x, box.left - x, box.right - x], [arm.y, box.top - y, box.bottom - y]] as const) {
    if (along === 0 && (least > 0 || most < 0)) return false;
    if (along === 0) continue;
    const [enters, leaves] = [least / along, most / along].sort((a, b) => a - b) as [number, number];
    from = Math.max(from, enters);
    to = Math.min(to, leaves);
  }
  return from < to;
}

/** What a pixel away from where a name stands without obstacles costs: it makes way, and stays near. */
const AWAY = 0.06;

/** The cheapest place for each name, one after the other. */
function choose(
  all: readonly (readonly Candidate[])[],
  obstacles: readonly Obstacle[],
  homes: readonly (Candidate | undefined)[],
): (Candidate | undefined)[] {
  const taken: Box[] = [];
  return all.map((places, index) => {
    const home = homes[index]?.box;
    let best: Candidate | undefined;
    for (const { box, cost: fixed } of places) {
      let cost = fixed;
      if (home) cost += AWAY * Math.hypot(box.left - home.left, box.top - home.top);
      for (const other of taken) cost += overlap(box, other);
      for (const obstacle of obstacles) if (touches(obstacle, box)) cost += TOUCHING;
      if (cost <= TOO_MUCH && (!best || cost < best.cost)) best = { box, cost };
    }
    if (best) taken.push(best.box);
    return best;
  });
}

export function placeLabels(all: readonly (readonly Candidate[])[], obstacles: readonly Obstacle[]): (Place | undefined)[] {
  const homes = choose(all, [], []);
  const places = obstacles.length > 0 ? choose(all, obstacles, homes) : homes;
  return places.map((place) => place && { x: place.box.left + 2, y: place.box.top + HEIGHT - 4 });
}
