/** Where the three pictures stand: side by side with common rows, or one below the other. */
export interface Frame {
  left: number;
  right: number;
  /** Of the first row. */
  top: number;
}

export interface Layout {
  wide: boolean;
  row: number;
  scores: Frame;
  lanes: Frame;
  gradient: Frame;
  height: number;
}

const HEAD = 34;
const FOOT = 30;
const NAME = 34;

export function arrange(width: number, count: number): Layout {
  const wide = width >= 700;
  const row = wide ? (count > 4 ? 50 : 60) : 44;
  const rows = row * count;
  if (wide) {
    const inner = width - NAME;
    const top = HEAD;
    return {
      wide,
      row,
      scores: { left: NAME + 14, right: NAME + inner * 0.33, top },
      lanes: { left: NAME + inner * 0.39, right: NAME + inner * 0.69, top },
      gradient: { left: NAME + inner * 0.795, right: width - 6, top },
      height: HEAD + rows + FOOT,
    };
  }
  const panel = HEAD + rows + FOOT + 12;
  return {
    wide,
    row,
    scores: { left: NAME + 34, right: width - 42, top: HEAD },
    lanes: { left: NAME, right: width - 74, top: HEAD + panel },
    gradient: { left: NAME + 12, right: width - 12, top: HEAD + 2 * panel },
    height: 3 * panel,
  };
}

/** The head of a horse that looks to the right, around the origin. */
export const HORSE =
  "M-9,12 C-9,3 -7,-3 -2,-8 L-1,-13 L3,-9 C7,-7 10,-2 13,2 C14,4 12,7 10,7 C7,7 5,4 2,4 C3,7 5,9 5,12 Z";
