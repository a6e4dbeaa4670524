/** Every text of the interface, in one place: a translation is one file like this one. */
const ORDERS = ["f(z)", "f′(z)", "f″(z)"] as const;

export const messages = {
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

  // Exercises
  exercise: {
    exercise: "Exercise",
    failed: (reason: string) => `This exercise could not start: ${reason}. Reloading may help.`,
    noSuch: (name: string) => `there is no exercise called “${name}”`,
    count: (right: number, all: number) => (right === all ? (all === 1 ? "done" : `all ${all} done`) : `${right} of ${all}`),
    check: "Check",
    several: "More than one may be right.",
    tone: { right: "Right.", wrong: "Not yet.", unread: "Not a number." },
    noNumber: "0.0066, 6.6e-3, 0.66% and 1/150 are all fine.",
    notYet: (hints: boolean) => `That is not it.${hints ? " A hint may help." : " Look once more."}`,
    hint: (shown: number, left: number) => {
      const more = shown === 0 ? "A hint" : "One more hint";
      return left > 1 ? `${more} (there are ${left}${shown === 0 ? "" : " left"})` : more;
    },

    // Proofs
    line: (number: number) => `Line ${number} of your proof`,
    firstLine: "your first line",
    removeLine: (number: number) => `Remove line ${number}`,
    lineSays: (number: number, verdict: string, message: string) => `Line ${number}: ${verdict.slice(2)}. ${message}`,
    goal: "until it says",
    proofHow: "Enter checks a line and goes on to the next.",
    verdict: {
      equal: "✓ equal",
      repeated: "✓ but no step",
      different: "✗ not equal",
      undefined: "✗ no value",
      error: "? not a formula",
      empty: "",
    },
    notChecked: (reason: string) => `Not checked: ${reason}`,
    tookTooLong: "it took too long; try a simpler line",

    // Python in the page
    pythonWanted: (megabytes: string) =>
      `There is no server behind this page. What checks your lines, Python, is loaded when you begin to type: ${megabytes} MB, once.`,
    pythonLoading: (megabytes: string) => `Loading Python, ${megabytes} MB, once.`,
    pythonProgress: "Python, loaded so far",
    pythonReceived: (received: string, total: string) => `${received} of ${total} MB`,
    pythonStarting: "Starting Python.",
    pythonCancel: "Cancel",
    pythonCancelled: "Python was not loaded; checking once more loads it.",
    pythonFailed: (reason: string) => `Python could not be loaded (${reason}). Checking once more tries again.`,

    // Progress
    progressTitle: (done: number, all: number) =>
      done === all ? `All ${all} exercises done` : `${done} of ${all} exercises done`,
    progressSave: "Save as a file",
    progressLoad: "Load a file",
    progressClear: "Clear",
    progressSure: "Forget all answers?",
    progressYes: "Yes, forget them",
    progressNo: "Keep them",
    progressSaved: "Saved as nonlin-progress.json.",
    progressTaken: "Loaded: the answers in the file have taken the place of those here.",
    progressForeign: (name: string) => `${name} is not a file of answers from here; nothing was changed.`,
    progressCleared: "Forgotten.",
    progressBlocked: "This browser does not let the page keep anything: save a file to take your answers along.",
    progressWhere: "Your answers stay in this browser and are sent nowhere.",
  },
};
