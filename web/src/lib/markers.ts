import type { Marker } from "./colours";

/** The outline of a marker of about the given radius, around the origin. */
export function markerPath(marker: Marker, radius: number): string {
  const r = radius;
  const side = (r * 1.7).toFixed(1);
  switch (marker) {
    case "circle":
      return `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
    case "square":
      return `M${(-r * 0.85).toFixed(1)},${(-r * 0.85).toFixed(1)}h${side}v${side}h-${side}z`;
    case "diamond":
      return `M0,${-r * 1.2}L${r * 1.2},0L0,${r * 1.2}L${-r * 1.2},0z`;
    case "wedge":
      return `M0,${r * 1.15}L${r * 1.1},${-r * 0.85}L${-r * 1.1},${-r * 0.85}z`;
    case "hexagon":
      return `M${r},0L${r / 2},${r * 0.9}L${-r / 2},${r * 0.9}L${-r},0L${-r / 2},${-r * 0.9}L${r / 2},${-r * 0.9}z`;
    case "plus":
      return plus(r * 1.1, r * 0.4, 0);
    case "cross":
      return plus(r * 1.1, r * 0.4, Math.PI / 4);
    case "triangle":
      return `M0,${-r * 1.15}L${r * 1.1},${r * 0.85}L${-r * 1.1},${r * 0.85}z`;
  }
}

/** A plus with arms of this length and half width, turned by an angle. */
function plus(arm: number, half: number, turn: number): string {
  const corners = [
    [half, -arm],
    [half, -half],
    [arm, -half],
  ];
  const points = [0, 1, 2, 3].flatMap((quarter) =>
    corners.map(([x = 0, y = 0]) => {
      const angle = turn + (quarter * Math.PI) / 2;
      const across = x * Math.cos(angle) - y * Math.sin(angle);
      const down = x * Math.sin(angle) + y * Math.cos(angle);
      return `${across.toFixed(2)},${down.toFixed(2)}`;
    }),
  );
  return `M${points.join("L")}z`;
}
