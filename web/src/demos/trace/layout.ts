/** Where the units stand: a column for each layer, the inputs with their rails at the left. */
export interface Spot {
  x: number;
  y: number;
}

export interface Layout {
  /** There is room for weights on their lines. */
  wide: boolean;
  /** Inputs first, then each layer. */
  columns: Spot[][];
  radius: number;
  /** Of an input: from here to here. */
  rail: { from: number; to: number };
  height: number;
  /** Where the names of the layers are written. */
  foot: number;
}

export function arrange(widths: readonly number[], width: number): Layout {
  const wide = width >= 520;
  const tallest = Math.max(...widths);
  const radius = wide ? 27 : widths.length > 4 ? 17 : 20;
  const gap = wide ? (tallest > 4 ? 74 : 104) : 64;
  const top = radius + 14;
  const body = (tallest - 1) * gap;
  const rail = { from: 12, to: wide ? 112 : 62 };
  const first = rail.to + (wide ? 46 : 30);
  const last = width - radius - (wide ? 30 : 8);
  const columns = widths.map((count, column) => {
    const x = first + ((last - first) * column) / (widths.length - 1);
    const start = top + (body - (count - 1) * gap) / 2;
    return Array.from({ length: count }, (_, i) => ({ x, y: start + i * gap }));
  });
  const foot = top + body + radius + 28;
  return { wide, columns, radius, rail, height: foot + 10, foot };
}

const LETTERS = ["h", "k", "m"];
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

/** x₁ for an input (layer −1), o₁ for an output, h₁, k₁ … between. */
export function nameOf(layer: number, unit: number, layers: number): string {
  const letter = layer < 0 ? "x" : layer === layers - 1 ? "o" : (LETTERS[layer] ?? "n");
  return `${letter}${SUBSCRIPTS[unit + 1] ?? ""}`;
}
