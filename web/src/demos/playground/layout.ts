/** Where the diagram's units are. */
import { SMALL } from "./plan";

/** Pixels of a unit's side: its small picture, pixel for pixel. */
export const UNIT = SMALL;
/** From one unit to the next below: a finger's width. */
export const PITCH = 46;
const NARROWEST = 66;
const MARGIN = { side: 26, top: 36, bottom: 12 };

export interface Layout {
  width: number;
  height: number;
  /** Middles of the columns: the inputs', the hidden layers', the output's. */
  columns: number[];
  /** Middles of the units of each column. */
  rows: number[][];
}

export function layoutOf(widths: readonly number[], available: number): Layout {
  const gaps = widths.length - 1;
  const width = Math.max(available, 2 * MARGIN.side + gaps * NARROWEST);
  // A small network is not pulled apart.
  const pitch = Math.min((width - 2 * MARGIN.side) / gaps, 170);
  const left = Math.round((width - pitch * gaps) / 2);
  const most = Math.max(5, ...widths);
  const height = MARGIN.top + most * PITCH + MARGIN.bottom;
  return {
    width,
    height,
    columns: widths.map((_, index) => Math.round(left + index * pitch)),
    rows: widths.map((count) =>
      Array.from({ length: count }, (_, unit) => MARGIN.top + Math.round(((most - count) / 2 + unit + 0.5) * PITCH)),
    ),
  };
}

export interface Edge {
  key: string;
  layer: number;
  from: number;
  unit: number;
  path: string;
}

export function edgesOf({ columns, rows }: Layout): Edge[] {
  return columns.slice(1).flatMap((x1 = 0, layer) => {
    const x0 = (columns[layer] ?? 0) + UNIT / 2;
    const end = x1 - UNIT / 2;
    const bend = (end - x0) * 0.45;
    return (rows[layer + 1] ?? []).flatMap((y1, unit) =>
      (rows[layer] ?? []).map((y0, from) => ({
        key: `${layer}.${unit}.${from}`,
        layer,
        from,
        unit,
        path: `M${x0},${y0}C${(x0 + bend).toFixed(1)},${y0} ${(end - bend).toFixed(1)},${y1} ${end},${y1}`,
      })),
    );
  });
}
