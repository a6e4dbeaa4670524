/** Every text of the interface, in one place: a translation is one file like this one. */
const ORDERS = ["f(z)", "f′(z)", "f″(z)"] as const;

export const en = {
  /** By name, where a language has another sentence for a function than the catalogue. */
  functions: {} as Record<string, string | undefined>,
  /** What stands between a number's whole and its parts. */
  decimal: ".",
  undefinedValue: "undefined",
  explorer: "Activation Explorer",
  own: "your formula",
  failed: (reason: string) =>
    `This figure could not start: ${reason}. The rest of the page works without it; reloading may help.`,
  exerciseFailed: (reason: string) => `This exercise could not start: ${reason}. Reloading may help.`,
  noSuchDemo: (name: string) => `there is no figure called “${name}”`,
  toDay: "Switch to the light theme",
  toNight: "Switch to the dark theme",

  // What was left out of a link
  ignoredPart: (part: string) => `Left out of the link: ${part}.`,
  ignoredTrait: (name: string, value: string) => `Left out of the link: ${name} = ${value}.`,
  ignoredFunction: (name: string) => `There is no function called “${name}” in the catalogue.`,
  ignoredTooMany: (name: string) => `${name} was left out: five functions at once are the most.`,
  dismiss: "Dismiss",

  // Choosing functions
  chosenFunctions: "Functions on show",
  focusOn: (title: string) => `Look closely at ${title}`,
  remove: (title: string) => `Remove ${title}`,
  add: (title: string) => `Add ${title}`,
  searchFunctions: "Add a function from the catalogue",
  searchPlaceholder: (count: number) => `Search ${count} functions`,
  catalogue: "Catalogue",
  /** Groups in a menu of functions. */
  inLesson: "In the lesson",
  byName: "All others, by name",
  noneFound: (query: string) => `No function matches “${query}”.`,
  noCurve: (title: string) => `${title} is a function of a whole row of numbers, not of one: it has no curve to add here.`,
  full: "Five at once are the most. Remove one to add another.",
  empty: "Nothing on show. Pick a function above, or type a formula.",

  // A formula of one's own
  typeFormula: "Your formula",
  formulaNeedsServer: (formula: string) =>
    `The link holds a formula, ${formula}, which only a running nonlin can compile; it was left out here.`,
  serverUnreachable: "The program behind this page does not answer.",

  // The picture
  figureLabel: (titles: string[]) =>
    titles.length === 0 ? "An empty plot" : `Curves of ${titles.join(", ")} and their derivatives`,
  panelTitle: (order: number) => ORDERS[order] ?? "",
  panelNote: (order: number) => ["value", "slope", "how fast the slope changes"][order] ?? "",
  hiddenPanel: (order: number) => (order === 1 ? "the slope is hidden until you have guessed" : "hidden too"),
  slopeLabel: (slope: string) => `slope ${slope}`,
  zSlider: "z, the input",
  spokenValue: (title: string, f: string) => `${title} ${f}`,
  spokenValueAndSlope: (title: string, f: string, slope: string) => `${title} ${f}, slope ${slope}`,
  outOfView: (z: string) => `z = ${z} is out of view: go there`,
  flatLabel: (bound: string) => `saturated: |f′| < ${bound}`,
  conventionLabel: (at: string, value: string) => `f′(${at}) = ${value}, by convention`,

  // Tools
  takeAlong: "Take it along",
  tools: "Tools",
  undo: "Undo",
  redo: "Redo",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  resetView: "Reset view",
  showSecond: "Show f″",
  copyLink: "Copy link",
  saveSvg: "Save SVG",
  savePng: "Save PNG",
  linkCopied: "Link copied.",
  linkNotCopied: "The browser did not allow it: copy the address instead.",
  notSaved: (reason: string) => `Not saved: ${reason}`,

  // Numbers
  zField: "z, typed exactly",
  throughLayers: "through layers",
  throughColumn: (layers: number) => `through ${layers}`,
  layersSlider: "Number of layers for the gradient meter",
  layersValue: (layers: number) => (layers === 1 ? "1 layer" : `${layers} layers`),
  readingsCaption: "Each function at z: its value, its slope, and its slope to the power of the number of layers",
  functionColumn: "Function",
  meterColumn: "The same on a logarithmic scale",
  zero: "0",
  sentenceSecret: "Slopes are hidden while you guess.",
  /** Too small for a double: the product of many slopes that are not quite 0. */
  underflow: "less than 10^−308",
  sentence: (title: string, slope: string, product: string, layers: number, d1: number, value: number) => {
    const through = layers === 1 ? "one layer" : `${layers} layers`;
    if (Number.isNaN(d1)) return `${title} has no slope here.`;
    const start = `Here each layer of ${title} multiplies the gradient by ${slope}`;
    if (d1 === 0) return `${start}: nothing gets through, however few the layers.`;
    const size = Math.abs(value);
    if (d1 === 1) return `${start}: it passes through ${through} untouched.`;
    if (size < 1e-6) return `${start}; after ${through} ${product} of it is left. It has vanished.`;
    if (size < 0.1) return `${start}; after ${through} only ${product} of it is left.`;
    if (size <= 1) return `${start}; after ${through} ${product} of it is left.`;
    if (size < 1e6) return `${start}; after ${through} it is ${product} times as large.`;
    return `${start}; after ${through} it is ${product} times as large. It has exploded.`;
  },

  // Parameters
  parameters: "Parameters",
  parameterSlider: (title: string, name: string) => `${title}: ${name}`,
  parameterNumber: (title: string, name: string) => `${title}: ${name}, typed exactly`,

  // Guessing
  predict: "Guess the slope",
  hiddenValue: "hidden until you have guessed",

  // What is known
  notesLabel: (title: string) => `About ${title}`,
  kink: (at: string, derivative: string, goesOn: boolean) =>
    `At z = ${at} there is a kink and no slope. By convention f′(${at}) = ${derivative}${goesOn ? ": " : "."}`,
  properties: "Properties, each with what shows it",
  /** Names of properties, by their keys. */
  property: {
    range: "Range",
    limits: "Limits at −∞ and ∞",
    zero_centred: "Zero-centred",
    symmetry: "Symmetry",
    saturates: "Saturates",
    monotone: "Monotone",
    convex: "Convex",
    smooth: "Smooth",
    max_slope: "Largest slope",
    lipschitz: "Lipschitz constant",
    fixed_points: "Fixed points",
    dead_region: "Dead region",
    domain: "Domain",
  } as Record<string, string>,
  /** What other words there are for the English ones that a property's value is made of. */
  values: {} as Record<string, string>,

  // Parts that demos share
  reset: "Start over",
  oneStep: "One step",
  play: "Play",
  pause: "Pause",
  exactly: (label: string) => `${label}, typed exactly`,
  between: (least: string, most: string, whole: boolean) => `${whole ? "a whole number " : ""}from ${least} to ${most}`,
  askSkip: "Just show me",
  engineFailed: (reason: string) => `The network engine could not start: ${reason}.`,
};
