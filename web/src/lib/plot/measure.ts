/** How wide a text is in a given font, without touching the page's layout. */
const context = document.createElement("canvas").getContext("2d");

export function textWidth(text: string, font: string): number {
  if (!context) return text.length * 8;
  context.font = font;
  return context.measureText(text).width;
}
