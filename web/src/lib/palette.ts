/**
 * Colours for pixels: a canvas knows no style sheet, so the tokens of styles/tokens.css are read as the page
 * shows them now, and put into tables of 256 colours.
 */

/** The signed scale, from the most negative to the most positive. */
export const SIGNED = ["--minus", "--minus-half", "--neutral", "--plus-half", "--plus"] as const;

const ENTRIES = 256;

/** Colours as they are inside `element`, each readable by a canvas. */
export function resolved(element: Element, names: readonly string[]): string[] {
  const probe = document.createElement("span");
  element.append(probe);
  const found = names.map((name) => {
    probe.style.color = name.startsWith("--") ? `var(${name})` : name;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

/**
 * 256 colours along evenly spaced stops, as the words of an RGBA picture. `bend` says where along the stops
 * (0 to 1) each entry's colour is taken; without it, evenly.
 */
export function colourTable(stops: readonly string[], bend: (share: number) => number = (share) => share): Uint32Array {
  const context = canvasOf(ENTRIES * 4, 1);
  const gradient = context.createLinearGradient(0.5, 0, ENTRIES * 4 - 0.5, 0);
  stops.forEach((stop, index) => gradient.addColorStop(stops.length > 1 ? index / (stops.length - 1) : 0, stop));
  context.fillStyle = gradient;
  context.fillRect(0, 0, ENTRIES * 4, 1);
  const fine = new Uint32Array(context.getImageData(0, 0, ENTRIES * 4, 1).data.buffer);
  return Uint32Array.from({ length: ENTRIES }, (_, index) => {
    const share = Math.min(Math.max(bend(index / (ENTRIES - 1)), 0), 1);
    return fine[Math.round(share * (ENTRIES * 4 - 1))] ?? 0;
  });
}

/** One colour as a word of a picture. */
export const colourWord = (colour: string): number => colourTable([colour])[0] ?? 0;

function canvasOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser draws no canvas");
  return context;
}

/** Calls back whenever the page turns from day to night or back, in whichever way; returns how to stop. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  const observer = new MutationObserver(changed);
  const attributeFilter = ["data-theme", "data-jp-theme-light", "class"];
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributeFilter });
  return () => {
    system.removeEventListener("change", changed);
    observer.disconnect();
  };
}
