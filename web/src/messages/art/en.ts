/** Texts of the studio, which has a page of its own. */
export const art = {
  what: (layers: number) =>
    `A network of ${layers === 1 ? "one layer" : `${layers} layers`} with random weights, which nobody trained, is asked for the colour of each pixel. It is told where the pixel is, and two numbers that are the same all over the picture, the latents. What you see is mostly the curve between its layers.`,
  figure: "Art Studio: a picture from a small random network",
  picture: "The picture. Arrow keys move over it, pixel by pixel",
  pixel: (x: string, y: string, outputs: string[], direct: boolean) => {
    const [first = "", second = "", third = ""] = outputs;
    const says = direct ? `red ${first}, green ${second}, blue ${third}` : `colour ${first}, shade ${second}`;
    return `At x = ${x}, y = ${y} the network answers: ${says}.`;
  },
  outputs: (direct: boolean) => (direct ? ["red", "green", "blue"] : ["colour", "shade"]),
  curve: (titles: string[]) => `The curve of ${titles.join(", ")}`,
  wiring: (pixel: string) => `The network, layer by layer, with what each unit says about one pixel. ${pixel}`,

  randomise: "Randomise",
  breed: "Breed",
  walk: "Play",
  keep: "Keep",
  isKept: "Kept",
  byKey: (key: string) => `Key ${key}`,

  activation: "Activation",
  mixed: "mixed",
  eachLayer: "each layer its own",
  layer: (layer: number) => `Layer ${layer + 1}`,
  latent: (index: number) => `latent ${index + 1}`,
  depth: "layers",
  width: "units in each",
  seed: "Seed",
  anotherSeed: "another",
  palette: "Palette",
  paletteNote: (name: string) => {
    if (name === "rgb") return "Three outputs are red, green and blue";
    if (name === "okabe") return "Colours that no kind of colour-blindness confuses";
    return name === "signal" ? "From blue to orange, for every eye" : "From dark to light, for every eye";
  },
  inputs: "It sees",
  inputName: (name: string) => {
    const names: Record<string, string> = { x: "x, across", y: "y, down", r: "r, the distance from the middle", latent: "latent, two numbers" };
    return names[name] ?? name;
  },

  breeding: "Variations",
  breedingHelp: "Eight pictures that differ in one thing each. Pick one, and breed on from it.",
  present: "the present picture",
  variation: {
    latent: (value: string) => `latent ${value.replaceAll("-", "−")}`,
    palette: (value: string) => `palette ${value}`,
    layer: (layer: number, title: string) => `layer ${layer + 1}: ${title}`,
    deeper: (value: string) => `deeper: ${value} layers`,
    flatter: (value: string) => (value === "1" ? "one layer" : `fewer layers: ${value}`),
    wider: (value: string) => `wider: ${value} units`,
    narrower: (value: string) => `narrower: ${value} units`,
    seed: (value: string) => `seed ${value}`,
  },

  gallery: "Gallery",
  galleryHelp: "Kept in this browser, and sent nowhere.",
  galleryBlocked: "This browser does not let the page keep anything: these last until the page is closed.",
  take: (activation: string, seed: number) => `Show the kept picture: ${activation}, seed ${seed}`,
  forget: (activation: string, seed: number) => `Forget ${activation}, seed ${seed}`,
  forgetShort: "Forget",

  saveWidth: "Width of the file in pixels",
  saveHeight: "Height of the file in pixels",
  wrongSize: (least: number, most: number) => `A side has ${least} to ${most} pixels here; the command makes larger ones.`,
  saving: (percent: number) => `Painting: ${percent} %`,
  saved: "Saved. The settings are inside the file.",
  paintWith: "Paint with it",
  formula: "This is a static copy of the page: it has the functions of the catalogue, and nothing here can compile the link’s formula. The command paints with it:",
  more: "Posters, loops and contact sheets:",
};

export default art;
