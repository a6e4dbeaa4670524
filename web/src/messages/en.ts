/** Every text of the interface, in one place: a translation is one file like this one. */
const ORDERS = ["f(z)", "f′(z)", "f″(z)"] as const;

export const en = {
  explorer: "Activation Explorer",
  own: "your formula",
  failed: (reason: string) =>
    `This figure could not start: ${reason}. The rest of the page works without it; reloading may help.`,
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
  noneFound: (query: string) => `No function matches “${query}”.`,
  full: "Five at once are the most. Remove one to add another.",
  empty: "Nothing on show. Pick a function above, or type a formula.",

  // A formula of one's own
  typeFormula: "Your formula",
  formulaLabel: "Your own activation function, as a formula in z",
  formulaHelp: "Its derivative, kinks and properties are worked out from it. Try",
  draw: "Draw it",
  formulaOffline:
    "This is a static copy of the page: nothing here can compile a formula. To type your own, install nonlin and run, on your machine,",
  formulaOfflineCommand: "nonlin",
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
  question: (title: string, z: string) => `How steep is ${title} at z = ${z}?`,
  questionHow: "Turn the dashed line by its end, or type a number.",
  guessLabel: "Your slope",
  guessSlider: "Your tangent line",
  guessSliderValue: (slope: string) => `slope ${slope}`,
  reveal: "Reveal",
  again: "Another point",
  leavePredict: "Stop guessing",
  hiddenValue: "hidden until you have guessed",
  verdictUndefined: "A trick question: there is no slope here.",
  verdict: (kind: "right" | "near" | "far" | "sign", guess: string, truth: string, off: string) => {
    const end = `You said ${guess}; the slope is ${truth}. Off by ${off}.`;
    if (kind === "right") return `Spot on. ${end}`;
    if (kind === "near") return `Close. ${end}`;
    if (kind === "sign") return `The other way: mind whether the curve climbs or falls. ${end}`;
    return `Not yet. ${end}`;
  },

  // What is known
  notesLabel: (title: string) => `About ${title}`,
  kink: (at: string, derivative: string, note: string) =>
    `At z = ${at} there is a kink and no slope. By convention f′(${at}) = ${derivative}${note ? `: ${note}` : "."}`,
  properties: "Properties, each with what shows it",

  // Parts that demos share
  reset: "Start over",
  oneStep: "One step",
  play: "Play",
  pause: "Pause",
  playing: "It runs; press Pause to stop.",
  paused: "Paused.",
  settings: "Settings",
  activation: "Activation",
  exactly: (label: string) => `${label}, typed exactly`,
  askReveal: "Reveal",
  askHint: "Choose first: the answer is worth more after a guess.",
  askSkip: "Just show me",
  engineFailed: (reason: string) => `The network engine could not start: ${reason}.`,

  // Demo: linearity
  linearity: {
    title: "linearity",
  },

  // Demo: step
  stepDescent: {
    title: "step",
  },

  // Demo: zigzag
  zigzag: {
    title: "zigzag",
  },

  // Demo: vanishing
  vanishing: {
    title: "vanishing",
  },

  // Demo: dying
  dying: {
    title: "dying",
  },

  // Demo: softmax
  softmax: {
    title: "Softmax: a race of scores",
    figure: "Scores as bars, probabilities as lanes, and the gradient of the loss as arrows; one row for each class",
    className: (index: number) => "ABCDEF"[index] ?? String(index + 1),
    scoreOf: (index: number) => `Score of ${"ABCDEF"[index] ?? String(index + 1)}`,
    spokenScore: (score: string, p: string) => `${score}, probability ${p}`,
    scoresTitle: "scores z",
    scoresNote: "drag a bar",
    lanesTitle: "softmax(z)",
    lanesNote: "first to the post is certain",
    gradientTitle: "p − y",
    gradientTitleT: "(p − y) / T",
    gradientNote: "gradient of the loss",
    rises: "z will rise",
    falls: "z will fall",
    hidden: "hidden until you guess",
    scores: "Scores",
    addScore: "Add a score",
    removeScore: "Remove the last score",
    temperature: "Temperature T",
    shift: "Add to all",
    target: "True class",
    squared: "Squared error too (hollow arrows)",
    entropyLoss: "Cross-entropy, −log p of the true class",
    squaredLoss: "Squared error, Σ (p − y)²",
    difference: "Adding to all moves a probability by at most",
    moved: (amount: string, none: boolean) => (none ? "0" : `${amount} (rounding)`),
    question: "A score of 2.0 runs against one of 1.0. How many times as probable is the first?",
    answers: [
      { key: "two", label: "Twice: 2.0 is twice 1.0" },
      { key: "e", label: "About 2.7 times" },
      { key: "ten", label: "10 times" },
    ],
    verdict: (key: string, ratio: string) => {
      const truth = `It is ${ratio} times: e to the power of the difference, 2.0 − 1.0 = 1. So 12.0 against 11.0 gives the same.`;
      if (key === "e") return `Right. ${truth}`;
      if (key === "two") return `Not their quotient: softmax looks at differences. ${truth}`;
      if (key === "ten") return `Too much: the base is e, not 10. ${truth}`;
      return truth;
    },
    secret: "The probabilities are hidden while you guess.",
    sentence: (now: {
      name: string;
      p: string;
      loss: string;
      push: string;
      /** "" where it is 1. */
      temperature: string;
      /** "" where it is not shown. */
      squared: string;
      /** The true class has next to no probability. */
      lost: boolean;
    }) => {
      const missing = now.temperature === "" ? "just what is missing to 1" : `what is missing to 1, divided by ${now.temperature}`;
      const start = `${now.name}, the true class, has probability ${now.p}; the loss is ${now.loss}. Cross-entropy pulls its score up by ${now.push}, ${missing}`;
      if (now.squared === "") return `${start}.`;
      if (!now.lost) return `${start}; squared error by ${now.squared}.`;
      return `${start}; squared error only by ${now.squared}: behind the flat softmax it hardly feels the mistake.`;
    },
    overflow: "As one would type it, and as it should be",
    of: "Scores",
    ownScores: "the ones above",
    asTyped: "Exponentials at once",
    shiftedFirst: "The largest score taken off first",
    dividedBySum: "÷ sum",
    sum: "sum",
    max: "max",
    overflowed:
      "e^1000 is beyond the largest number a computer’s double can hold: it becomes ∞, and ∞ ÷ ∞ is NaN, not a number. Taking the largest score off every score changes no probability, and then no exponential is above 1.",
    notOverflowed:
      "Here both ways agree. Add 1000 to all scores, or look at [1000, 999]: the left one breaks down, the right one does not notice.",
  },

  // Demo: playground
  playground: {
    title: "playground",
  },

  // Demo: trace
  trace: {
    title: "Trace one input through a network",
    diagram: (shape: string) => `A network of ${shape} units`,
    mode: "Walk",
    forward: "forward",
    backward: "back, with the gradient",
    all: "All numbers at once",
    digits: "Every digit",
    positive: "positive weight",
    negative: "negative weight; the thicker, the larger",
    back: "Back",
    next: "Next unit",
    progress: (step: number, of: number) => `unit ${step} of ${of}`,
    loss: "Squared error",
    inputLayer: "input",
    input: (number: number) => `Input x${number}`,
    unitUnknown: (name: string) => `Unit ${name}: not worked out yet`,
    unitOutput: (name: string, value: string) => `Unit ${name}: ${value}`,
    unitGradient: (name: string, value: string) => `Unit ${name}: gradient ${value}`,
    unitTitle: (name: string) => `Unit ${name}`,
    inHidden: (layer: number) => `in hidden layer ${layer}`,
    inOutput: "at the output",
    from: "from",
    weightColumn: "weight",
    valueColumn: "value",
    product: "product",
    bias: "bias",
    sum: "the sum of these",
    weight: (from: string, to: string) => `Weight from ${from} to ${to}`,
    biasOf: (name: string) => `Bias of ${name}`,
    nudge: "Type a number, or press the up and down arrow keys",
    miss: "a − y",
    ofSquare: "of the square",
    times: "times",
    delta: "gradient of the loss to z",
    target: (name: string) => `Target y of ${name}`,
    curve: (title: string, z: string, a: string) => `${title} at z = ${z} is ${a}`,
    told: (name: string, terms: string[], bias: string, z: string, title: string, a: string) =>
      `${name}: ${terms.join(" + ")} + bias ${bias} = ${z}, and ${title} makes ${a} of it.`.replaceAll("+ −", "− "),
    toldBack: (name: string, delta: string, slope: string, stopped: boolean, loss: string) =>
      stopped
        ? `${name}: its slope is 0, so the gradient stops here: ${delta}. Nothing before it learns through this unit.`
        : `${name}: when its z rises a little, the loss, now ${loss}, changes by ${delta} times that. Its slope is ${slope}.`,
    notFinite: (name: string) =>
      `${name} is no finite number any more: the weights or inputs are too large for this activation. Undo, or make them smaller.`,
    network: "The network",
    inputs: "Inputs",
    outputs: "Outputs",
    hidden: (layer: number) => `Hidden layer ${layer}`,
    more: (layer: string) => `${layer}: one unit more`,
    fewer: (layer: string) => `${layer}: one unit fewer`,
    activationOf: (layer: string) => `${layer}: activation`,
    addLayer: "Add a layer",
    removeLayer: "Remove a layer",
    newWeights: "New weights",
  },

  // Demo: sheet
  sheet: {
    title: "Cheat sheet",
    function: "Function",
    columns: {
      range: "Range",
      zero_centred: "Zero-centred",
      saturates: "Saturates",
      monotone: "Monotone",
      smooth: "Smooth",
      max_slope: "Largest slope",
    },
    use: "Use it for",
    unknown: "unknown",
    mean: (mean: string) => `mean ${mean}`,
    why: "why?",
    whyOf: (title: string) => `why? ${title}`,
    filter: "Find",
    placeholder: "name, use or property",
    all: (count: number) => `All ${count}`,
    print: "Print",
    shown: (rows: number, of: number, column: string, down: boolean) =>
      `${rows === of ? `All ${of}` : `${rows} of ${of}`} functions${column === "" ? "" : `, by ${column.toLowerCase()}, ${down ? "largest first" : "smallest first"}`}`,
    note: "No property here was typed: each is worked out from the function’s formula, with a reason. Zero-centred means that f(Z) has mean 0 for a standard normal Z. A name opens the function in the Explorer.",
  },
};

export type Messages = typeof en;
