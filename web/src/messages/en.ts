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
    title: "softmax",
  },

  // Demo: playground
  playground: {
    title: "Playground: train a small classifier",
    ask: "No hidden layer: one neuron, trained on XOR. Can it ever tell the two classes apart?",
    askOptions: { no: "No, never", luck: "With luck, or more steps", yes: "Yes, easily" },
    askRight: "no",
    askVerdict: (key: string) =>
      `${key === "no" ? "Right. " : key === "" ? "" : "Try it: press Play. "}Whatever it learns, its border is one straight line, and no straight line parts these four corners. Add a hidden layer of four units, then press Play again.`,

    // Running
    stepCount: (step: number) => `${step.toLocaleString("en")} ${step === 1 ? "step" : "steps"}`,
    weightsNow: (print: string) => `weights ${print}`,
    fingerprintHelp:
      "A fingerprint of all weights and biases, to the last bit. “Start over” returns to the very same start.",
    same: "the weights of the start",
    edited: "edited by hand",
    noPoints: "There are no points to learn from: draw some, or paste them.",
    failed: (reason: string) => `Something went wrong in the engine: ${reason}`,

    // Classes and scores
    classes: ["A", "B", "C"],
    train: "train",
    test: "test",
    loss: "Loss",
    accuracy: "Accuracy",
    percent: (share: number) => (Number.isNaN(share) ? "–" : `${(100 * share).toFixed(1)} %`),
    scores: "Loss and accuracy now",
    points: "Points",
    summary: (train: string, trained: number, test: string, tested: number, loss: string) =>
      trained === 0
        ? "No points yet."
        : `The network gets ${train} of ${trained} training points right${tested > 0 ? `, and ${test} of ${tested} that it never saw` : ""}; its loss is ${loss}.`,

    // The plane
    plane: "Data and what the network makes of the plane",
    planeHelp: "Arrow keys move a crosshair, Shift with them further; what the network says there is read out.",
    planeDraw: "A, B and C put a point of that class at the crosshair, Delete removes the nearest one.",
    planeUnit: (unit: string, reach: string) => `${unit}, coloured from −${reach} to ${reach}`,
    planeOutput: "what the network says",
    backToOutput: "Back to the output",
    reading: (x: string, y: string, said: string) => `At x ${x}, y ${y}: ${said}.`,
    saysLogit: (score: string, p: string, label: string) => `score ${score}, probability of B ${p}: class ${label}`,
    saysScore: (score: string, label: string) => `output ${score}: class ${label}`,
    saysScores: (scores: string[], label: string) => `scores ${scores.join(", ")}: class ${label}`,
    added: (label: string, x: string, y: string, count: number) => `Class ${label} at x ${x}, y ${y}. ${count} points.`,
    removed: (count: number) => `Removed. ${count} points are left.`,
    nothingNear: "There is no point near the crosshair.",
    full: (most: number) => `${most} points are the most.`,
    drawFirst: "To draw points, choose “your own” under Data.",
    legend: "Filled: learned from. Hollow: kept for the test.",
    drawHere: "Click to put points here",

    // The diagram
    diagram: "The network: left and right between layers, up and down between units",
    input: (index: number) => ["x", "y"][index] ?? "",
    unit: (layer: number, unit: number) => `layer ${layer}, unit ${unit}`,
    outputUnit: (unit: number, several: boolean) => (several ? `output ${["A", "B", "C"][unit] ?? ""}` : "the output"),
    rowLabel: (layer: number, name: string) => `Layer ${layer}, ${name}`,
    outputRow: "Output",
    cell: (unit: string, bias: string) => `${unit}, bias ${bias}`,
    weightLine: (from: string, to: string, value: string) => `weight ${value}, from ${from} to ${to}`,
    pointAt: "Point at a unit or a line for its numbers; click to keep it. Dashed lines are negative weights.",
    linear: "linear",

    // One unit
    detailsOf: (unit: string, activation: string) => `${unit} (${activation})`,
    bias: "bias",
    weightFrom: (from: string) => `from ${from}`,
    fromUnit: (unit: number) => `unit ${unit}`,
    weightsFrom: (layer: string) => `weights from ${layer}`,
    theInputs: "the inputs",
    layerName: (layer: number) => `layer ${layer}`,
    fieldLabel: (unit: string, what: string) => `${unit}, ${what}`,
    statistics: "Over the training points",
    mean: "mean",
    least: "least",
    most: "most",
    sum: "z, its sum",
    outputValue: "a, its output",
    still: (share: string) => `Its slope is 0 for ${share} of the points.`,
    dead: "Its slope is 0 for every point: it is dead, and learns nothing.",

    // The loss curves
    curve: "Loss over the steps",
    curveSlider: "Step to read the losses at",
    curveAt: (step: string, train: string, test: string) =>
      `step ${step}: train ${train}${test === "" ? "" : `, test ${test}`}`,
    notFinite: "not finite",

    // Trouble
    troubleTitle: (step: number) => `Step ${step} could not be taken: the numbers would no longer be finite.`,
    what: {
      z: (layer: string) => `The sums of ${layer} overflowed.`,
      a: (layer: string) => `The outputs of ${layer} overflowed.`,
      gradient: (layer: string) => `The gradient of ${layer} overflowed.`,
      weights: (layer: string) => `The step would have given ${layer} weights that are not finite.`,
      moments: () => "The optimizer’s running averages overflowed.",
      loss: () => "The loss of the outputs overflowed.",
      norm: () => "The gradient became too large to have a length.",
    },
    why: {
      lr: (lr: string) =>
        `Most likely the learning rate, ${lr}, is far too large: each step overshoots, the next gradient is larger, and so on.`,
      unbounded: (name: string) => `${name} has no upper limit, so nothing holds the numbers back on their way through the layers.`,
      inputs: (size: string) => `The points reach out to ${size}: with inputs that large, weights overshoot easily.`,
      loss: "Squared error makes it worse: its gradient grows with the error.",
      weights: "The weights had already grown very large.",
    },
    cure: (lr: string) =>
      `The last good weights are kept. Set the learning rate to ${lr} or less and start over.`,
    cureWeights: "The last good weights are kept. Start over, perhaps with another initialisation or a smaller learning rate.",
    setLr: (lr: string) => `Learning rate ${lr}, and start over`,

    // Data
    data: "Data",
    kinds: { xor: "XOR", rings: "rings", spirals: "spirals", blobs: "blobs", own: "your own" },
    classCount: "Classes",
    samples: "Points",
    noise: "Noise",
    testShare: "Kept for the test",
    share: (value: number) => `${Math.round(100 * value)} %`,
    showTest: "Show test points",
    dataSeed: "Seed of the points",
    another: "Another",
    makeMine: "Edit these points",
    brush: "Draw",
    eraser: "eraser",
    clear: "Remove all",
    pasteCsv: "Paste CSV",
    csvLabel: "Points as lines of x, y, class",
    csvPlaceholder: "0.5, 1.2, A",
    usePoints: "Use these points",
    openFile: "Open a file…",
    saveCsv: "Save points as CSV",
    csvRead: (count: number, names: string[]) =>
      `${count} points read; ${names.map((name, index) => `“${name}” is class ${["A", "B", "C"][index] ?? ""}`).join(", ")}.`,
    csv: {
      cells: (line: number, count: number) =>
        `Line ${line} has ${count === 1 ? "1 part" : `${count} parts`}; it takes three: x, y, class, as in 0.5, 1.2, A.`,
      number: (line: number, which: string, text: string) =>
        `Line ${line}: ${which} is ${text === "" ? "empty" : `“${text.slice(0, 30)}”`}, which is no number; a number like −0.5 or 1.2 is wanted.`,
      far: (line: number) => `Line ${line}: the point is further out than a million; scale the numbers down.`,
      noClass: (line: number) => `Line ${line}: the class is missing; any name will do, as in 0.5, 1.2, A.`,
      classes: (count: number, names: string[]) =>
        `There are ${count} classes (${names.join(", ")}${count > names.length ? ", …" : ""}); three are the most.`,
      tooMany: (count: number, most: number) => `There are ${count} points; ${most} are the most. Leave some out.`,
      empty: "There is nothing in it. Each line is a point: x, y, class, as in 0.5, 1.2, A.",
      more: (count: number) => `… and ${count} more like these.`,
    },
    tooLong: (most: number) =>
      `These points would make the link longer than ${most} characters, so the link leaves them out. Save them as CSV to keep or share them.`,
    farOut: (half: string) => `These points reach out to ±${half}. Networks learn best when inputs are about 1 in size.`,
    fit: "Scale them to fit",

    // Network
    network: "Network",
    hidden: "Hidden layers",
    fewerLayers: "Remove the last hidden layer",
    moreLayers: "Add a hidden layer",
    units: (layer: number) => `Layer ${layer}`,
    fewerUnits: (layer: number) => `Remove a unit from layer ${layer}`,
    moreUnits: (layer: number) => `Add a unit to layer ${layer}`,
    unitCount: (count: number) => (count === 1 ? "1 unit" : `${count} units`),
    layerCount: (count: number) => String(count),
    noHidden: "none: one neuron alone",
    activation: "Activation",
    activationOf: (layer: number) => `Activation of layer ${layer}`,
    perLayer: "One for each layer",
    parameter: (title: string, name: string) => `${title}: ${name}`,
    init: "Initial weights",
    initNames: {
      xavier_uniform: "Xavier, uniform",
      xavier_normal: "Xavier, normal",
      kaiming_uniform: "He, uniform",
      kaiming_normal: "He, normal",
      lecun_uniform: "LeCun, uniform",
      lecun_normal: "LeCun, normal",
      normal: "normal",
      zeros: "all zero",
    } as Record<string, string>,
    seed: "Seed of the weights",

    // Training
    training: "Training",
    losses: { cross_entropy: "cross-entropy", squared_error: "squared error" },
    lossLabel: "Loss",
    optimizer: "Optimizer",
    optimizers: { sgd: "SGD", momentum: "momentum", adam: "Adam" } as Record<string, string>,
    lr: "Learning rate",
    batch: "Batch size",
    decay: "Weight decay",
    speed: "Steps a frame",

    // Files
    saveNetwork: "Save network",
    loadNetwork: "Load network…",
    loaded: (name: string) => `${name}: loaded. “Start over” goes back to the seed’s own weights.`,
    notLoaded: (name: string, reason: string) => `${name} was not loaded: ${reason}`,
    otherClasses: (outputs: number) =>
      `its network has ${outputs === 1 ? "one output, for two classes" : `${outputs} outputs, for ${outputs} classes`}; choose data with as many classes and load it again.`,
    file: {
      noJson: (reason: string) => `it is no JSON (${reason}).`,
      format: (wanted: string, found: string) =>
        `its format is ${found === "" ? "not given" : `“${found.slice(0, 40)}”`}; a file that was saved here says “${wanted}”.`,
      widths: "“widths” has to be a list of whole numbers, as in [2, 4, 1].",
      shape: (layers: number, units: number) =>
        `“widths” has to go from 2 inputs to 1 or 3 outputs, with at most ${layers} hidden layers of at most ${units} units, as in [2, 4, 1].`,
      layers: (count: number) => `“layers” has to be a list of ${count}, one for each width after the first.`,
      rows: (layer: number, outputs: number, inputs: number) =>
        `the weights of layer ${layer} have to be ${outputs} rows of ${inputs} numbers.`,
      numbers: (name: string, count: number) => `${name} have to be ${count} finite numbers.`,
      weightsOf: (layer: number, unit: number) => `the weights of layer ${layer}, unit ${unit},`,
      biasesOf: (layer: number) => `the biases of layer ${layer}`,
      linearOutput: "the last layer has to be linear: its activation is null.",
      activation: (layer: number, name: string) =>
        `layer ${layer} has the activation “${name.slice(0, 40)}”, which this catalogue has not, or not with these constants.`,
    },
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
