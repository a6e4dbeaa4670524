/** Every text of the interface, in one place: a translation is one file like this one. */
const superscript = (whole: number): string => [...String(whole)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit).join("");
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
    title: "Vanishing gradients",
    figure: (title: string, other: string, depth: number) =>
      `The size of the gradient in each of ${depth === 1 ? "1 layer" : `${depth} layers`} of ${title}${other ? `, and of ${other}` : ""}`,
    axis: "size of the gradient in each layer",
    backward: "the gradient’s way back",
    loss: "loss",
    firstLayer: "first layer",
    lastLayer: "last layer",
    layers: (depth: number) => (depth === 1 ? "1 layer" : `${depth} layers`),
    layer: (layer: number) => `Layer ${layer}`,
    depthHandle: "Depth of the stack: pull it longer",
    layerSlider: "Layer to look at",
    spokenLayer: (layer: number, readings: { title: string; norm: string; slope: string; flat: number }[]) =>
      [
        `layer ${layer}`,
        ...readings.map(({ title, norm, slope, flat }) => `${title}: gradient ${norm}, mean slope ${slope}, ${flat} % nearly flat`),
      ].join("; "),

    veil: "Guess first.",
    question: (title: string, depth: number) =>
      `${depth === 10 ? "Ten" : depth} layers of ${title}: what of the last layer’s gradient reaches the first?`,
    option: (exponent: number) =>
      exponent === 0 ? "all of it" : exponent === -1 ? "a tenth" : exponent >= -4 ? `1 in ${(10 ** -exponent).toLocaleString("en")}` : exponent === -6 ? "a millionth" : exponent === -8 ? "a hundred-millionth" : `1 in 10${superscript(-exponent)}`,
    verdict: (right: boolean, skipped: boolean, share: string, factor: string) =>
      `${skipped ? "" : right ? "Yes. " : "Not quite. "}This very stack, before its first step, lets ${share} through: the gradient is multiplied by ${factor} at each layer, again and again. Now pull the stack longer, or change the function.`,

    stack: "Layers of",
    beside: "beside",
    none: "nothing",
    init: "Weights begin as",
    initName: (name: string) => {
      const [kind = "", spread = ""] = name.split("_");
      const names: Record<string, string> = { xavier: "Xavier", kaiming: "He (Kaiming)", lecun: "LeCun", normal: "standard normal", zeros: "zeros" };
      return `${names[kind] ?? kind}${spread ? `, ${spread}` : ""}`;
    },
    depth: "Depth",
    width: "Units a layer",
    biases: "Bias spread",
    lr: "Learning rate",
    seed: "Seed",
    step: (step: number) => `step ${step.toLocaleString("en")}`,
    course: "loss, while it trains",
    task: "The stack learns 64 random answers to 64 random inputs by heart; a plain neuron on top reads them off. Bars: the norm of the loss’s gradient for all weights and biases of a layer.",

    caption: "Gradients at both ends of the stack, what is left of them at the first layer, and the loss",
    lastColumn: "last layer",
    firstColumn: "first layer",
    shareColumn: "first ÷ last",
    factorColumn: "factor a layer",
    lossColumn: "loss",
    gradient: "gradient",
    meanSlope: "mean |f′(z)|",
    flat: "nearly flat",

    secret: "All but the last layer’s bar is hidden until you have guessed.",
    left: (title: string, share: string, factor: string, value: number) => {
      if (value >= 0.1 && value <= 10)
        return `Through ${title} the gradient arrives about as large as it left: ${share} of the last layer’s reaches the first.`;
      if (value > 10) return `Through ${title} the gradient grows, by ${factor} a layer: the first layer gets ${share} times the last one’s.`;
      return `Of the last layer’s gradient ${share} reaches the first through ${title}: ${factor} a layer.`;
    },
    saturates: "It does flatten far out, though: give the biases a spread, and it fades as well.",
    stuck: (title: string, last: string, loss: string) =>
      `${title} is stuck: it answers everything with the mean (loss ${loss}). That much its top neuron could learn alone; now even its last layer is left with ${last}.`,
    constant: "always the mean",
    oneLayer: (title: string, norm: string) => `One layer of ${title}: nothing to pass through yet. Its gradient is ${norm}.`,
    gone: (title: string, gone: number, depth: number) =>
      `Through ${title} the gradient has vanished: below 10^−30, or exactly 0, in ${gone} of ${depth} layers. They are hollow: no step moves them.`,
    nothing: (title: string) => `No layer of ${title} has any gradient at all: only the neuron on top can learn.`,
    reference: (slope: string) =>
      `Dotted: the largest slope, ${slope}, once a layer; the weights come on top of it.`,
    broken: (title: string, step: number, trained: boolean) =>
      trained
        ? `${title}: at step ${step} the gradient was no longer a finite number; the weights from before that step are kept. The learning rate is too high: lower it, or start over.`
        : `${title}: a number in this stack is too large for single precision, so there is no gradient to show. Fewer layers, or weights that begin smaller, will do.`,
  },

  // Demo: dying
  dying: {
    title: "Dying ReLU",
    figure: "Two hundred points in the plane, what a small network makes of them, and its hidden units",
    planeTitle: "the points, and a line for each unit of layer 1",
    planeNote: "Line: a unit’s sum is 0; its stroke: the active side.",
    layer: (layer: number) => `layer ${layer}`,
    glassNote: ["Filled: the share of points it is active on.", "Crossed out: active on none, dead; its line is dashed."],
    deadOf: (dead: number, of: number) => (dead === 0 ? `all ${of} units alive` : `${dead} of ${of} units dead`),
    unitSlider: "Unit to look at",
    spokenUnit: (layer: number, unit: number, active: number, least: string, most: string, dead: boolean) =>
      `layer ${layer}, unit ${unit}: ${dead ? "dead, active on no point" : `active on ${active} % of the points`}; its sum goes from ${least} to ${most}`,
    unit: (layer: number, unit: number) => `Layer ${layer}, unit ${unit}:`,
    isDead: "dead, active on no point",
    activeOn: (percent: number) => `active on ${percent} % of the points`,
    range: "its sum:",
    to: "to",
    loss: "loss, last pass:",

    question: (rate: number, passes: number) => `Learning rate ${rate}, a hundred times too much, for ${passes} passes: what happens to the units?`,
    fates: [
      { key: "none", label: "nothing, it only learns faster" },
      { key: "few", label: "a few fall silent" },
      { key: "most", label: "most fall silent for good" },
      { key: "broke", label: "the numbers overflow" },
    ],
    verdict: (right: boolean, skipped: boolean, fate: string, dead: number, of: number, step: number) => {
      const start = skipped ? "" : right ? "Yes. " : "Not quite. ";
      if (fate === "broke") return `${start}After step ${step} there was no finite gradient any more. Watch it below.`;
      if (fate === "none") return `${start}With this start ${dead} of ${of} units are dead at the end. Watch it below, and try another seed.`;
      return `${start}At the end ${dead} of ${of} units are active on no point at all. Watch it below. Then take the rate back to 0.1: do they wake? Make them leaky ReLUs, with plain descent and with Adam: do they now?`;
    },

    lr: "Learning rate",
    rateIs: (rate: number) => `rate ${rate}`,
    units: "Units",
    changed: (title: string) => `to ${title}`,
    optimizer: "Descent",
    optimizerName: (name: string) => (name === "adam" ? "Adam" : "plain (SGD)"),
    push: "Push all biases down by 5",
    pushed: "biases −5",
    beginning: "How it begins",
    data: "Points",
    dataName: (name: string) => (name === "rings" ? "rings" : "two moons"),
    bias: "First bias",
    width: "Units a layer",
    seed: "Seed",

    step: (step: number) => `step ${step.toLocaleString("en")}`,
    progress: (step: number, passes: number) => `step ${step.toLocaleString("en")}, pass ${Math.ceil(passes).toLocaleString("en")}`,
    deadCourse: "dead units: layer 1 solid, layer 2 dashed",
    lossCourse: "loss",
    fingerprint: "first weights:",
    moved: "farthest from them now:",
    same: "(the very same)",

    dead: (leaky: boolean, first: number, second: number, of: number) => {
      if (first + second === 0) return `Every unit is active on some of the points: all can learn.`;
      const layers = [first > 0 ? `${first} of ${of} units in layer 1` : "", second > 0 ? `${second} of ${of}${first > 0 ? "" : " units"} in layer 2` : ""].filter(Boolean);
      const why = leaky ? "there they have a hundredth of the slope, and creep." : "their slope is 0, so no gradient reaches them.";
      return `${layers.join(" and ")} ${first + second === 1 ? "has" : "have"} a negative sum for every point: ${why}`;
    },
    cut: "With all of layer 2 dead, the network answers every point alike, and only its last bias still learns.",
    back: (back: number, of: number) => `Of the ${of} that were dead when they became leaky, ${back} ${back === 1 ? "is" : "are"} back.`,
    broken: (step: number, rate: string) =>
      `At step ${step} a number was no longer finite: with a learning rate of ${rate} the weights overshoot further each time. Shown are the last good weights, from before that step. Lower the rate and go on, or start over.`,
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
