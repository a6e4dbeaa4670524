import { download } from "../download";

/**
 * Saves a figure as it looks now. Colours and type are written into the copy, which then needs no style sheet;
 * what is at its initial value (on the right) is left out.
 */
const WRITTEN: Readonly<Record<string, string>> = {
  fill: "rgb(0, 0, 0)",
  "fill-opacity": "1",
  stroke: "none",
  "stroke-width": "1px",
  "stroke-dasharray": "none",
  "stroke-linecap": "butt",
  "stroke-linejoin": "miter",
  "stroke-opacity": "1",
  "paint-order": "normal",
  opacity: "1",
  "font-size": "",
  "font-weight": "400",
  "font-style": "normal",
  "text-anchor": "start",
};
const DRAWN = new Set(["path", "line", "circle", "rect", "text", "tspan"]);
const FONT = "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif";

function standalone(svg: SVGSVGElement): { text: string; width: number; height: number } {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  copies.forEach((element, index) => {
    const original = originals[index];
    if (!original) return;
    const style = getComputedStyle(original);
    if (style.visibility === "hidden" || style.display === "none") {
      element.remove();
      return;
    }
    for (const [name, initial] of Object.entries(WRITTEN)) {
      if (element.localName === "g" ? name !== "opacity" : !DRAWN.has(element.localName)) continue;
      if (name.startsWith("font") && !(element instanceof SVGTextContentElement)) continue;
      const value = style.getPropertyValue(name);
      // A pattern's address stands in the attribute already, without the page's own in front.
      if (value.startsWith("url(")) continue;
      if (value === initial) element.removeAttribute(name);
      else if (value !== "") element.setAttribute(name, value);
    }
    if (original instanceof SVGForeignObjectElement) {
      const picture = original.querySelector("canvas");
      if (picture) element.replaceWith(imageOf(picture, element));
      else element.remove();
      return;
    }
    if (element instanceof SVGTextElement) element.setAttribute("font-family", FONT);
    if (style.stroke === "rgba(0, 0, 0, 0)") element.remove();
    for (const name of ["class", "role", "tabindex", "style", "aria-hidden", "data-testid"]) element.removeAttribute(name);
  });
  const { width, height } = svg.getBoundingClientRect();
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(paper);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

/** A picture of pixels (ui/Heatmap.svelte) as an image that lies inside the file. */
function imageOf(canvas: HTMLCanvasElement, place: Element): SVGImageElement {
  const image = document.createElementNS("http://www.w3.org/2000/svg", "image");
  for (const name of ["x", "y", "width", "height", "clip-path"]) {
    const value = place.getAttribute(name);
    if (value !== null) image.setAttribute(name, value);
  }
  image.setAttribute("preserveAspectRatio", "none");
  image.setAttribute("href", canvas.toDataURL("image/png"));
  return image;
}

export function saveSvg(svg: SVGSVGElement, name: string): void {
  download(new Blob([standalone(svg).text], { type: "image/svg+xml" }), `${name}.svg`);
}

export async function savePng(svg: SVGSVGElement, name: string): Promise<void> {
  const { text, width, height } = standalone(svg);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    const scale = 2;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, "image/png");
    });
    if (!blob) throw new Error("the browser made no picture");
    download(blob, `${name}.png`);
  } finally {
    URL.revokeObjectURL(url);
  }
}
