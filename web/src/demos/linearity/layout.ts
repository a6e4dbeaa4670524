/** Where the pictures stand. Wide: the input, the layers between in rows, the output large. Narrow: they wrap. */
export interface Frame {
  left: number;
  top: number;
  side: number;
}

export interface Layout {
  frames: Frame[];
  height: number;
}

const CAPTION = 26;
/** Above the small ones. */
const LOW = 20;
const GAP = 12;

/** Rows of `count` equal squares that fit into a box as large as they can be. */
function packed(count: number, width: number, height: number): { columns: number; side: number } {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.min(
      (width - GAP * (columns - 1)) / columns,
      (height - GAP * (rows - 1)) / rows - LOW,
    );
    if (side > best.side) best = { columns, side };
  }
  return best;
}

export function arrange(layers: number, width: number): Layout {
  const between = layers - 1;
  if (width >= 740) {
    const big = Math.min(width * 0.31, 372);
    const room = width - 2 * big - 2 * (GAP + 12);
    const { columns, side } = packed(Math.max(between, 1), room, big + CAPTION);
    const rows = Math.ceil(between / columns);
    const left = big + GAP + 12 + (room - columns * side - (columns - 1) * GAP) / 2;
    const top = between === 0 ? 0 : Math.max(0, (big + CAPTION - rows * (side + LOW) - (rows - 1) * GAP) / 2);
    const small = Array.from({ length: between }, (_, i) => ({
      left: left + (i % columns) * (side + GAP),
      top: LOW + top + Math.floor(i / columns) * (side + LOW + GAP),
      side,
    }));
    const frames = [{ left: 0, top: CAPTION, side: big }, ...small, { left: width - big, top: CAPTION, side: big }];
    return { frames, height: big + CAPTION + 2 };
  }
  const columns = Math.min(width >= 540 ? 4 : width >= 420 ? 3 : 2, Math.max(layers, 2));
  const side = (width - GAP * (columns - 1)) / columns;
  const frames = Array.from({ length: layers }, (_, i) => ({
    left: (i % columns) * (side + GAP),
    top: CAPTION + Math.floor(i / columns) * (side + CAPTION + 4),
    side,
  }));
  const below = CAPTION + Math.ceil(layers / columns) * (side + CAPTION + 4);
  const large = Math.min(width, 420);
  frames.push({ left: (width - large) / 2, top: below, side: large });
  return { frames, height: below + large + 2 };
}
