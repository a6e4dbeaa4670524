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
    title: "Linearity trap",
    question: (layers: number) =>
      `${layers === 10 ? "Ten layers" : layers === 1 ? "One layer" : `${layers} layers`}, no activation. What can the last picture be?`,
    options: [
      { key: "anything", label: "Almost anything: many layers, many bends" },
      { key: "straight", label: "A straight grid: turned, stretched, slanted, shifted" },
      { key: "folded", label: "Straight pieces, folded a few times" },
    ],
    answer: (key: string) => {
      const truth =
        "Every layer keeps straight lines straight, so ten of them do, too. What is left is one turn, one stretch, one slant and one shift: one layer.";
      if (key === "straight") return `That is all there is. ${truth}`;
      if (key === "anything") return `Ten times nothing is nothing: there is no bend to pile up. ${truth}`;
      if (key === "folded") return `A fold is a bend, and nothing here can bend. ${truth}`;
      return truth;
    },
    input: "input",
    layer: (layer: number, activation: string) => `layer ${layer}${activation === "" ? "" : `, ${activation}`}`,
    output: (layers: number) => (layers === 1 ? "output, after one layer" : `output, after ${layers} layers`),
    figureLabel: (layers: number) =>
      `A grid of straight lines and one thick line in the input, and where each of ${layers === 1 ? "one layer" : `${layers} layers`} puts them`,
    hint: "Drag the ends of the thick line in the input. Each picture is zoomed to fit its points.",
    place: (x: string, y: string) => `(${x}, ${y})`,
    image: (from: string, to: string, off: string) =>
      off === ""
        ? `In the output the line runs straight from ${from} to ${to}, its middle in the middle.`
        : `In the output the line runs from ${from} to ${to}, and its middle is ${off} away from the middle between them.`,
    notFinite: "out of float32’s range",
    end: (first: boolean) => (first ? "Solid end of the line" : "Open end of the line"),
    position: (x: string, y: string) => `x ${x}, y ${y}`,
    layers: "Layers",
    between: "Between two layers",
    none: "nothing",
    another: "Other weights",
    collapse: (layers: number) => (layers === 1 ? "Read it off as one layer" : `Collapse ${layers} layers to one`),
    uncollapse: "Take it away again",
    spokenW: (w: string[]) => `W prime: first row ${w[0]}, ${w[1]}; second row ${w[2]}, ${w[3]}`,
    spokenB: (b: string[]) => `b prime: ${b[0]}, ${b[1]}`,
    same: (layers: number, apart: string, share: string) =>
      `One layer does the work of ${layers === 1 ? "one" : `all ${layers}`}: its grid, dotted, lies on theirs. The largest difference over all points is ${apart}, which is ${share} of the output: rounding in float32, which carries about seven digits.`,
    cannot: (layer: number, activation: string, line: string, off: string, apart: string) =>
      `It cannot be done: layer ${layer} bends. One layer keeps the middle of a straight line in the middle; after the ${activation} of layer ${layer}, ${line} no longer has it there, and in the output it is ${off} off. The one layer that agrees with the stack at (0, 0), (1, 0) and (0, 1) misses elsewhere by up to ${apart}.`,
    noNumbers: "It cannot be done: on the way some numbers outgrow float32. Take fewer layers, or another function between them.",
    gridLine: (upright: boolean, at: string) => `the marked line ${upright ? "x" : "y"} = ${at}`,
    task: "Let it learn",
    tasks: { none: "nothing", xor: "XOR", rings: "rings" },
    deep: (layers: number) => (layers === 1 ? "one linear layer" : `${layers} linear layers`),
    hidden: (activation: string) => `one hidden layer of ${activation}`,
    loss: "loss",
    right: (percent: number) => `${percent} % right`,
    noBetter: "no better than a guess",
    linear: "linear",
    steps: (steps: number) => (steps === 1 ? "1 step" : `${steps} steps`),
    learnLabel: (title: string) => `Answers of ${title} over the plane, with the points to be learned`,
    lossLabel: "Loss of both over the steps; a guess has 0.693",
    guess: "a guess: 0.693",
    learning: (steps: number, deep: string, bent: string) =>
      `After ${steps} steps the linear layers are at a loss of ${deep}, the hidden layer at ${bent}. Always answering “one half” has 0.693.`,
    start: "Press Play: both learn from the same points with the same optimizer (Adam).",
    broken: "A loss is no longer a number: the sums have outgrown float32. Another function, or other weights, may do.",
  },

  // Demo: step
  stepDescent: {
    title: "Descent on a step",
    question: "One neuron, fitted to the same points with different ends. Which one will not learn?",
    answer: (right: boolean, asked: boolean, title: string) =>
      `${asked ? "" : right ? "Yes. " : "No, that one learns. "}${title} stands still: wherever it has a slope, the slope is 0, so the gradient is exactly 0 and no step can move the weight.`,
    fits: "the neuron",
    fitsNote: "f(wx + b), and the points to be fitted",
    losses: "the loss",
    lossesNote: "mean squared error",
    stepAxis: "step",
    figureLabel: (titles: string[]) =>
      `Left: points along a line, no or yes, and the answers of a neuron that ends in ${titles.join(", ")}. Right: the loss of each over the steps of descent.`,
    progress: (steps: number, most: number) => `step ${steps} of ${most}`,
    another: "Other points",
    caption: "Each copy of the neuron: its loss, the size of its gradient, its weight and its bias",
    endsIn: "ends in",
    copy: (number: number) => `What copy ${number} of the neuron ends in`,
    lossNow: "loss",
    gradient: "size of the gradient",
    lr: "Learning rate",
    first: "Guess first, then let them run.",
    ready: "Press Play: all copies begin with the same weight and take the same steps.",
    after: (steps: number, parts: string[]) => `After ${steps === 1 ? "1 step" : `${steps} steps`}: ${parts.join("; ")}.`,
    stays: (title: string, loss: string) => `${title} is at ${loss} with a gradient of exactly 0, so it will stay there`,
    moves: (title: string, from: string, to: string, down: boolean) =>
      from === to ? `${title} is still at ${to}` : `${title} went ${down ? "down" : "up"} from ${from} to ${to}`,
    broken:
      "A loss is no longer a number: the learning rate is so high that each step overshoots by more than the last, until float32 can hold it no more. Take a smaller one.",
  },

  // Demo: zigzag
  zigzag: {
    title: "Zig-zag",
    question: "Same start, same learning rate, same goal. On whose inputs does descent take the longer way?",
    on: (title: string) => `on outputs of ${title}`,
    bothSame: "the same on both",
    answer: (right: boolean, asked: boolean, summary: string) => `${asked ? "" : right ? "Yes. " : "No. "}${summary}`,
    panel: (title: string) => `inputs from ${title}`,
    wanted: "wanted",
    figureLabel: (titles: string[]) =>
      `Two maps of the loss over the two weights of a neuron, with the path of descent: ${titles
        .map((title) => `inputs from ${title}`)
        .join("; ")}`,
    start: (title: string) => `Start of descent, inputs from ${title}`,
    position: (w1: string, w2: string) => `first weight ${w1}, second weight ${w2}`,
    hint: "Drag the start; it is the same in both. Lines join weights of equal loss, each line four times the loss of the next one in.",
    progress: (shown: number, most: number) => `step ${shown} of ${most}`,
    lr: "Learning rate",
    batch: "Samples in a step",
    batches: { "1": "one", "16": "16", all: "all 400" },
    inputsFrom: (left: boolean) => (left ? "Left: inputs from" : "Right: inputs from"),
    caption: "What each descent took",
    stepsRow: "steps until 1 % of the way is left",
    detourRow: "path, in straight lines",
    signRow: "steps that moved both weights the same way",
    stretchRow: "length of the valley, in widths",
    limitRow: "largest learning rate that leads down (all samples)",
    never: "never",
    over: (most: number) => `over ${most}`,
    arrived: (title: string, steps: number, detour: string) =>
      `On outputs of ${title} descent takes ${steps === 1 ? "1 step" : `${steps} steps`} and ${detour} times the straight line.`,
    underWay: (title: string, steps: number) => `On outputs of ${title} it is not there after ${steps} steps.`,
    diverged: (title: string) =>
      `On outputs of ${title} each step overshoots by more than the last: the learning rate is too high, and descent runs away.`,
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
    title: "softmax",
  },

  // Demo: playground
  playground: {
    title: "playground",
  },

  // Demo: trace
  trace: {
    title: "trace",
  },

  // Demo: sheet
  sheet: {
    title: "sheet",
  },
};

export type Messages = typeof en;
