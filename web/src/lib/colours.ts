/**
 * One function, one look, everywhere: a hue (a class `hue-N`, coloured by styles/tokens.css) and a marker.
 * The four famous functions come first; the others follow in catalogue order, with a new marker each time
 * the hues have all been used, so that no two of eighty look alike.
 */
export type Marker = "circle" | "square" | "diamond" | "triangle" | "wedge" | "cross" | "hexagon" | "plus";

export interface Look {
  hue: string;
  marker: Marker;
}

const FAMOUS = ["sigmoid", "tanh", "relu", "gelu"];
const HUES = 10;
const MARKERS: readonly Marker[] = ["circle", "square", "diamond", "triangle", "wedge", "cross", "hexagon", "plus"];

/** A formula that the reader typed is drawn in ink. */
export const OWN_LOOK: Look = { hue: "hue-ink", marker: "circle" };

export function assignLooks(names: readonly string[]): Map<string, Look> {
  const order = [...FAMOUS, ...names.filter((name) => !FAMOUS.includes(name))];
  return new Map(
    order.map((name, index) => {
      const marker = MARKERS[Math.floor(index / HUES) % MARKERS.length] ?? "circle";
      return [name, { hue: `hue-${index % HUES}`, marker }];
    }),
  );
}
