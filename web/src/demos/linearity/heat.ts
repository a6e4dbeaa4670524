/** A picture of numbers between 0 and 1 in two colours that meet in the paper's. */
export type Colour = readonly [number, number, number];

/** The colour that an element's text has now, in this theme. */
export function colourOf(element: Element): Colour {
  const found = getComputedStyle(element).color.match(/[\d.]+/g)?.map(Number) ?? [];
  return [found[0] ?? 0, found[1] ?? 0, found[2] ?? 0];
}

const canvas = document.createElement("canvas");
/** How much of the full colour a certain answer has: the points have to stand out from it. */
const STRENGTH = 0.5;

export function heat(values: Float64Array, side: number, low: Colour, paper: Colour, high: Colour): string {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return "";
  const image = context.createImageData(side, side);
  values.forEach((value, i) => {
    const end = value < 0.5 ? low : high;
    const share = STRENGTH * Math.min(Math.abs(2 * value - 1), 1);
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = (paper[k] ?? 0) + ((end[k] ?? 0) - (paper[k] ?? 0)) * share;
    image.data[4 * i + 3] = Number.isNaN(value) ? 0 : 255;
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
